/** Certificates by request: the api's signers issue them, at once or when somebody approved. */
import type { CallOptions } from '@gantry/client/api.ts';
import type { CertificateSigningRequest } from '@gantry/model/gen/gantry.certificates.v1.ts';
import { makeRequest } from '@gantry/pki/request.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { nodeUserName, organizations } from '@gantry/runtime/identities.ts';

/** The api, as far as requests go. */
export interface RequestApi {
  create(request: CertificateSigningRequest, options?: CallOptions): Promise<CertificateSigningRequest>;
  get(
    kind: 'CertificateSigningRequest',
    name: { readonly name: string },
    options?: CallOptions,
  ): Promise<CertificateSigningRequest>;
}

/** The certificate that is wanted. */
export interface WantedCertificate {
  readonly nodeName: string;
  /** `client`: to call the api with; `server`: for logs and commands. */
  readonly use: 'client' | 'server';
  /** Addresses of a server. */
  readonly addresses: readonly string[];
}

/** Between two looks at a request that waits. */
const pollMs = 1_000;

const signers = {
  client: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usage: 'client auth' },
  server: { signerName: 'kubernetes.io/kubelet-serving', usage: 'server auth' },
} as const;

/**
 * Makes a key, asks for a certificate, and waits until it is issued, however long that takes.
 * Rejects with Forbidden where the request is denied, FailedPrecondition where the signer cannot issue it, NotFound where it was removed.
 */
export async function requestCertificate(
  api: RequestApi,
  wanted: WantedCertificate,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly cert: string; readonly key: string }> {
  const { nodeName, use, addresses } = wanted;
  const names = use === 'server' ? { dns: [nodeName], ips: addresses } : {};
  const { request, key } = await makeRequest(nodeUserName(nodeName), [organizations.nodes], names);
  const { signerName, usage } = signers[use];
  const created = await api.create(
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: '', generateName: `${use === 'client' ? 'node-csr' : 'csr'}-` },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName,
        usages: ['digital signature', usage],
      },
    },
    { signal },
  );
  const { name } = created.metadata;
  for (let current = created; ; ) {
    const cert = issuedIn(current);
    if (cert !== undefined) return { cert, key };
    await clock.sleep(pollMs, signal);
    current = await api.get('CertificateSigningRequest', { name: name! }, { signal });
  }
}

/** The certificate that a request led to; undefined while it waits. Throws where it was refused. */
export function issuedIn({ metadata, status }: CertificateSigningRequest): string | undefined {
  for (const { type, message = '' } of status?.conditions ?? []) {
    if (type === 'Denied')
      throw new GantryError('Forbidden', `certificate request ${metadata.name} was denied: ${message}`);
    if (type === 'Failed') {
      throw new GantryError('FailedPrecondition', `certificate request ${metadata.name} failed: ${message}`);
    }
  }
  return status?.certificate ? Buffer.from(status.certificate, 'base64').toString() : undefined;
}
