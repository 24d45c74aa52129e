/** Annotation of a mirror pod: the node runs it by itself, and it has no identity. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
