/** Certificates by which a webhook's certificate is verified. */
import { X509Certificate } from 'node:crypto';

const blocks = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^-]*)-----END \1-----/g;

/** Problem of a bundle of certificates, in Kubernetes' words; undefined where it can be used. @param bundle PEM in base64. */
export function caBundleProblem(bundle: string): string | undefined {
  const found = [...Buffer.from(bundle, 'base64').toString('utf8').matchAll(blocks)];
  if (found.length === 0) return 'unable to load root certificates: unable to parse bytes as PEM block';
  const certificates = found.filter(([, type]) => type === 'CERTIFICATE');
  if (certificates.length === 0) return 'unable to load root certificates: no valid certificate authority data seen';
  for (const [pem] of certificates) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      return `unable to load root certificates: failed to parse certificate: ${(error as Error).message}`;
    }
  }
  return undefined;
}
