/**
 * Annotation of a workload whose pods are replaced when the content of its ConfigMaps and Secrets changes: "true" for all that the
 * template names, or a list such as "configmap/web,secret/password".
 */
export const restartAnnotation = 'gantry.dev/restart-on-change';
/** Annotation of the workload with the content that it was started with last: entries such as configmap/web=<hash>. */
export const observedAnnotation = 'gantry.dev/observed-config';
/** Annotation of the template with a hash of that: another one makes other pods. */
export const configHashAnnotation = 'gantry.dev/config-hash';
