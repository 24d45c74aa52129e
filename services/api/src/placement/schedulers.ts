import { type Client, connect } from '@gantry/client/client.ts';
import type { Credentials } from '@gantry/client/credentials.ts';
import { schedulerAddressAnnotation } from '@gantry/client/placement.ts';
import { kindOf } from '@gantry/model/built-in.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { serviceNames } from '@gantry/runtime/identities.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix } from '../core/keys.ts';

/** An answer about placement takes a look at every node. */
const timeoutMs = 20_000;

/** Addresses of the schedulers that lead. Throws ServiceUnavailable if there is none. */
export async function schedulerAddresses({ store, cache }: CoreDeps): Promise<string[]> {
  const { entries } = await store.list({ prefix: keyPrefix(kindOf('Lease'), 'kube-system') });
  const addresses = entries
    .map((entry) => cache.decode(entry))
    .filter(({ damage }) => damage === undefined)
    .map(({ object }) => object as unknown as Lease)
    .filter(({ spec }) => Boolean(spec?.holderIdentity))
    .flatMap(({ metadata }) => metadata.annotations?.[schedulerAddressAnnotation] ?? []);
  if (addresses.length > 0) return addresses;
  throw new GantryError('ServiceUnavailable', 'no scheduler says where it can be asked: none leads now');
}

/** Connects to a scheduler. Such calls are rare: no connection is kept. */
export function connectToScheduler(address: string, credentials: Credentials): Client {
  return connect(address, { credentials, peer: serviceNames.scheduler, whenAway: 'fail', defaultTimeoutMs: timeoutMs });
}
