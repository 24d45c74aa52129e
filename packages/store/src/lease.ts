import type { Lease } from '@gantry/runtime/leadership.ts';
import type { Ephemeral } from './store.ts';

/**
 * A lease of the store, for leader election.
 * @param options.key Key of the lease.
 * @param options.holder Who we are; different in every process.
 * @param options.ttlMs Milliseconds without a renewal after which others can take it.
 */
export function storeLease(
  leases: Pick<Ephemeral, 'acquire' | 'release'>,
  { key, holder, ttlMs }: { readonly key: string; readonly holder: string; readonly ttlMs: number },
): Lease {
  return {
    async take() {
      const token = await leases.acquire(key, holder, ttlMs);
      // The store does not tell when another's lease ends: the candidate looks in as often as it may.
      return token === undefined ? { waitMs: ttlMs } : { token };
    },
    release: () => leases.release(key, holder),
  };
}
