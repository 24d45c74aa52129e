/** The account of pods that name none. */
export const defaultServiceAccount = 'default';
/** The Secrets that hold tokens of accounts, as Kubernetes once made them by itself. */
export const serviceAccountTokenSecretType = 'kubernetes.io/service-account-token';
/** Annotations of such a Secret: its account, and the uid of that. */
export const serviceAccountNameAnnotation = 'kubernetes.io/service-account.name';
export const serviceAccountUidAnnotation = 'kubernetes.io/service-account.uid';

/** The name of an account's user. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}
