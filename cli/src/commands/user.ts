import { writeFile } from 'node:fs/promises';
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { rootCertificateKey, rootCertificateName } from '@gantry/model/kinds/configmap/root-certificate.ts';
import { makeRequest } from '@gantry/pki/request.ts';
import { type Context, refusal } from '../context.ts';
import { kubeconfigText } from '../kubeconfig.ts';

export interface UserFlags {
  readonly group: readonly string[];
  /** File to write; NAME.kubeconfig if absent. */
  readonly kubeconfig?: string | undefined;
  /** Days for which the certificate is good. */
  readonly days: number;
}

const daySeconds = 86_400;
/** Milliseconds that the signer may take, and between two looks. */
const signedWithinMs = 30_000;
const lookMs = 200;
/** A name that is in the api's certificate, whatever address it is reached at. */
const apiName = 'kubernetes';

/** Makes a user: a client certificate in a kubeconfig that its owner alone may read. The user may do what roles let it do. */
export async function createUser(context: Context, name: string, flags: UserFlags): Promise<void> {
  const { client, output, signal } = context;
  if (flags.days === 0) throw refusal('--days: must be 1 at least');
  const path = flags.kubeconfig ?? `${name}.kubeconfig`;
  const [server, ca] = await Promise.all([serverOf(context), authorityOf(context)]);
  const { request, key } = await makeRequest(name, flags.group);
  const made = await client.create<CertificateSigningRequest>(
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: '', generateName: 'gantry-user-' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['digital signature', 'client auth'],
        expirationSeconds: flags.days * daySeconds,
      },
    },
    { signal },
  );
  const at = { name: made.metadata.name };
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'GantryUserCreate',
    message: 'Made by gantry user create.',
  };
  const body = { status: { conditions: [condition] } };
  await client.patch('CertificateSigningRequest', at, { type: 'merge', body, subresource: 'approval' }, { signal });
  const cert = await signedCertificate(context, at);
  await writeNew(path, kubeconfigText({ server, serverName: apiName, user: name, ca, cert, key }));
  const groups = flags.group.length === 0 ? '' : ` of the groups ${flags.group.join(', ')}`;
  output.write(`user ${name}${groups}: kubectl --kubeconfig ${path} get pods\n`);
  output.note(
    `gantry: the user may do what roles let it do, and nothing else so far. For example:\n` +
      `  kubectl create rolebinding ${name}-edits --clusterrole edit --user ${name} --namespace ${context.namespace}\n`,
  );
}

async function signedCertificate({ client, clock, signal }: Context, at: { readonly name: string }): Promise<string> {
  const untilMs = clock.monotonic() + signedWithinMs;
  for (;;) {
    const { status = {} } = await client.get('CertificateSigningRequest', at, { signal });
    if (status.certificate) return Buffer.from(status.certificate, 'base64').toString('utf8');
    const failed = status.conditions?.find(({ type }) => type === 'Failed');
    if (failed !== undefined) throw refusal(`the certificate was not issued: ${failed.message}`);
    if (clock.monotonic() > untilMs) {
      throw refusal(`nobody signed the certificate request ${at.name}: the api has no authority to sign with`);
    }
    await clock.sleep(lookMs, signal);
  }
}

/** Address of the REST api: where the Service kubernetes leads. */
async function serverOf({ client, signal }: Context): Promise<string> {
  const query = { namespace: 'default', labelSelector: 'kubernetes.io/service-name=kubernetes' };
  const { items } = await client.list('EndpointSlice', query, { signal });
  for (const { endpoints = [], ports = [] } of items) {
    const address = endpoints[0]?.addresses?.[0];
    if (address !== undefined && ports[0]?.port !== undefined) return `https://${address}:${ports[0].port}`;
  }
  throw refusal('the api serves no REST, by which kubectl could reach it');
}

async function authorityOf({ client, signal }: Context): Promise<string> {
  const { data = {} } = await client.get('ConfigMap', { namespace: 'default', name: rootCertificateName }, { signal });
  const certificate = data[rootCertificateKey];
  if (certificate === undefined) throw refusal('the cluster has no authority of its own');
  return certificate;
}

/** A file that is there is somebody's way in: it stays. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw refusal(`${path} exists already: name another file with --kubeconfig`);
  }
}
