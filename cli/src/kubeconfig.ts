import { stringify } from 'yaml';

/** A kubeconfig of one cluster and one user. */
export interface Kubeconfig {
  /** Such as https://127.0.0.1:6443. */
  readonly server: string;
  /** Name that the server's certificate is checked for, where that is not the host of the address. */
  readonly serverName?: string;
  readonly user: string;
  /** The cluster's authority, and the user's certificate and key, in PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Its text, with everything inside of it. */
export function kubeconfigText({ server, serverName, user, ca, cert, key }: Kubeconfig): string {
  const name = 'gantry';
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const checked = serverName === undefined ? {} : { 'tls-server-name': serverName };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...checked, 'certificate-authority-data': data(ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': data(cert), 'client-key-data': data(key) } }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  });
}
