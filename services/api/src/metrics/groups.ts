/** The group of metrics of objects, and its versions, the preferred one first. */
export const customGroup = 'custom.metrics.k8s.io';
export const customVersions: readonly string[] = ['v1beta2', 'v1beta1'];
/** The group of metrics of no object. */
export const externalGroup = 'external.metrics.k8s.io';
export const externalVersions: readonly string[] = ['v1beta1'];
