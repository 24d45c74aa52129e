import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Store } from '@gantry/store/store.ts';

const backoff: BackoffPolicy = { initialMs: 50, maxMs: 2_000, factor: 2, jitter: 0.2 };

/**
 * Sees to it that the objects that every cluster has are there, until the signal fires: makes those that are missing when a
 * namespace is deleted, and when the changes cannot be followed any further because the store lost data. Every replica
 * does; of several that make an object one succeeds.
 */
export async function keepBuiltIns(
  deps: { readonly store: Pick<Store, 'list' | 'watch'>; readonly clock: Clock; readonly log: Logger },
  createMissing: (alsoRoles: boolean) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = deps;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const { revision } = await store.list({ prefix: 'namespaces/', limit: 1 });
      // Deleted roles are made again at a start, and when data was lost.
      await createMissing(failures > 0);
      failures = 0;
      await untilOneIsDeleted(store, revision, signal);
    } catch (error) {
      if (signal.aborted) return;
      // The ordinary way in which a watch ends after a loss of data.
      if (!isError(error, 'Expired')) log.warn({ error }, 'the built-in objects could not be looked after');
      failures += 1;
      await clock.sleep(backoffMs(backoff, failures), signal).catch(() => undefined);
    }
  }
}

async function untilOneIsDeleted(store: Pick<Store, 'watch'>, after: number, signal: AbortSignal): Promise<void> {
  for await (const changes of store.watch({ prefix: 'namespaces/', after, signal })) {
    if (changes.some(({ type }) => type === 'delete')) return;
  }
}
