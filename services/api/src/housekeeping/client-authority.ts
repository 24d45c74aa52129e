import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { requestHeaders } from '../aggregation/aggregator.ts';
import { type FrontProxyAuthority, frontProxyName } from '../aggregation/identity.ts';
import type { ResourceApi } from '../core/api.ts';
import { ownContext, type RequestContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** Milliseconds between looks at the ConfigMap: somebody may have deleted or changed it. */
const lookEveryMs = 30_000;

const user = { name: 'system:apiserver', groups: ['system:masters'] };
const manager = 'kube-apiserver';

export interface ClientAuthorityDeps {
  readonly api: Pick<ResourceApi, 'create' | 'update'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The authority of the certificate by which the api says who asks. */
  readonly frontProxy: FrontProxyAuthority;
}

/**
 * Keeps the ConfigMap in which servers that extend the api find the authority of its clients' certificates, as in Kubernetes, until the
 * signal fires. Run by one leader.
 */
export async function keepClientAuthority(
  deps: ClientAuthorityDeps,
  authority: Pick<CertificateSource, 'current' | 'onChange'>,
  signal: AbortSignal,
): Promise<void> {
  const { api, clock, log, frontProxy } = deps;
  const context = ownContext(user, signal, manager);
  while (!signal.aborted) {
    const changed = new AbortController();
    const stop = authority.onChange(() => changed.abort());
    using _listener = frontProxy.onAuthority(() => changed.abort());
    try {
      await write(api, context, { 'client-ca-file': authority.current.ca, ...requestHeaderData(frontProxy.authority) });
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, "the authority of the api's clients could not be told");
    }
    await clock.sleep(lookEveryMs, AbortSignal.any([signal, changed.signal])).catch(() => undefined);
    stop();
  }
}

/** The headers that say who asks, and the proof of whoever may send them. */
function requestHeaderData(authority: string | undefined): NonNullable<ConfigMap['data']> {
  if (authority === undefined) return {};
  const { user, uid, group, extraPrefix } = requestHeaders;
  return {
    'requestheader-client-ca-file': authority,
    'requestheader-allowed-names': JSON.stringify([frontProxyName]),
    'requestheader-username-headers': JSON.stringify([user]),
    'requestheader-uid-headers': JSON.stringify([uid]),
    'requestheader-group-headers': JSON.stringify([group]),
    'requestheader-extra-headers-prefix': JSON.stringify([extraPrefix]),
  };
}

/** An update that changes nothing writes nothing. */
async function write(
  api: ClientAuthorityDeps['api'],
  context: RequestContext,
  data: NonNullable<ConfigMap['data']>,
): Promise<void> {
  const configMap: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data,
  };
  const object = configMap as unknown as AnyObject;
  try {
    await api.update(context, structuredClone(object), false);
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
    await api.create(context, object, false);
  }
}
