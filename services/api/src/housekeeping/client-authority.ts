import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { CertificateSource } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
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
  const { api, clock, log } = deps;
  const context = ownContext(user, signal, manager);
  while (!signal.aborted) {
    const changed = new AbortController();
    const stop = authority.onChange(() => changed.abort());
    try {
      await write(api, context, authority.current.ca);
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, "the authority of the api's clients could not be told");
    }
    await clock.sleep(lookEveryMs, AbortSignal.any([signal, changed.signal])).catch(() => undefined);
    stop();
  }
}

/** An update that changes nothing writes nothing. */
async function write(api: ClientAuthorityDeps['api'], context: RequestContext, ca: string): Promise<void> {
  const configMap: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: { 'client-ca-file': ca },
  };
  const object = configMap as unknown as AnyObject;
  try {
    await api.update(context, structuredClone(object), false);
  } catch (error) {
    if (!isError(error, 'NotFound')) throw error;
    await api.create(context, object, false);
  }
}
