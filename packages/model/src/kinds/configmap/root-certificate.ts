/** The ConfigMap by which pods of a namespace believe the api: the api itself writes its content. */
export const rootCertificateName = 'kube-root-ca.crt';
/** Its key. */
export const rootCertificateKey = 'ca.crt';
