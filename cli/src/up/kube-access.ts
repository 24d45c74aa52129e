/** The way in for kubectl and other clients of Kubernetes' api: an address, and a kubeconfig for the administrator. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAddress } from '@gantry/runtime/address.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { kubeconfigText } from '../kubeconfig.ts';
import type { ClusterCertificates } from './certificates.ts';
import { freeAddress } from './free-port.ts';

/** Address of the REST api, and who may use it. */
export interface KubeAccess {
  /** host:port of the REST api. */
  readonly address: string;
  readonly kubeconfigPath: string;
}

/**
 * Makes the kubeconfig of a cluster, readable by its owner alone: it holds the administrator's certificate, and is written anew when that is
 * renewed.
 * @param api host:port of the gRPC api: the REST api is on the same host.
 */
export async function prepareKubeAccess(
  stateDir: string,
  api: string,
  certificates: ClusterCertificates,
  log: Logger,
): Promise<KubeAccess> {
  const address = await kubeAddress(api);
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  const admin = certificates.sourceOf('admin');
  const write = (): Promise<void> =>
    writePrivately(
      kubeconfigPath,
      kubeconfigText({ server: `https://${address}`, user: 'kubernetes-admin', ...admin.current }),
    );
  await write();
  admin.onChange(() => {
    write().catch((error: unknown) =>
      log.error({ error }, 'the kubeconfig could not be written with the new certificate'),
    );
  });
  return { address, kubeconfigPath };
}

/** Kubernetes' port beside Gantry's own, or else a free one: 6443 is often taken. */
const usualPort = 6_443;
const ownPort = 7_443;

async function kubeAddress(api: string): Promise<string> {
  const { host, port } = parseAddress(api);
  const at = (wanted: number): Promise<string> => freeAddress(`${host.includes(':') ? `[${host}]` : host}:${wanted}`);
  return port === ownPort ? at(usualPort).catch(() => at(0)) : at(0);
}

async function writePrivately(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
