/** The way in for kubectl and other clients of Kubernetes' api: a certificate for the api, and a kubeconfig for its users. */
import { rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from '@gantry/pki/authority.ts';
import { loadAuthority, loadServer } from '@gantry/pki/files.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { stringify } from 'yaml';
import { freeAddress } from './free-port.ts';

/** Address and certificate of the REST api. */
export interface KubeAccess {
  /** host:port of the REST api. */
  readonly address: string;
  readonly tls: KeyPair;
  /** Files of the certificate and its key. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly kubeconfigPath: string;
}

/** Names of the api inside of a cluster, as Kubernetes has them. */
const clusterNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/**
 * Makes the certificate and the kubeconfig of a cluster, each readable by its owner alone.
 * @param api host:port of the gRPC api: the REST api is on the same host.
 * @param tokenPath File with the cluster's token, which the kubeconfig names.
 */
export async function prepareKubeAccess(
  stateDir: string,
  { api, tokenPath, clock }: { readonly api: string; readonly tokenPath: string; readonly clock: Clock },
): Promise<KubeAccess> {
  const address = await kubeAddress(api);
  const { host } = parseAddress(address);
  const folder = join(stateDir, 'pki');
  const nowMs = clock.now();
  const authority = await loadAuthority(folder, nowMs);
  const names = { commonName: 'gantry-api', dns: ['localhost', ...clusterNames], ips: ['127.0.0.1'] };
  const tls = await loadServer(folder, 'api', authority, withHost(names, host), nowMs);
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  await writePrivately(kubeconfigPath, kubeconfig(`https://${address}`, authority.cert, tokenPath));
  return { address, tls, certPath: join(folder, 'api.crt'), keyPath: join(folder, 'api.key'), kubeconfigPath };
}

/** Kubernetes' port beside Gantry's own, or else a free one: 6443 is often taken. */
const usualPort = 6_443;
const ownPort = 7_443;

async function kubeAddress(api: string): Promise<string> {
  const { host, port } = parseAddress(api);
  const at = (wanted: number): Promise<string> => freeAddress(`${host.includes(':') ? `[${host}]` : host}:${wanted}`);
  return port === ownPort ? at(usualPort).catch(() => at(0)) : at(0);
}

function withHost<N extends { readonly dns: readonly string[]; readonly ips: readonly string[] }>(
  names: N,
  host: string,
): N {
  if (['127.0.0.1', '0.0.0.0', '::', 'localhost'].includes(host)) return names;
  return isIP(host) === 0 ? { ...names, dns: [...names.dns, host] } : { ...names, ips: [...names.ips, host] };
}

function kubeconfig(server: string, authority: string, tokenFile: string): string {
  const name = 'gantry';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') } }],
    users: [{ name, user: { tokenFile } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

async function writePrivately(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
