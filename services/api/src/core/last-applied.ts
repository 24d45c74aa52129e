/** The annotation in which kubectl keeps the manifest that was applied last; we keep ours there too, so both may be used. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
