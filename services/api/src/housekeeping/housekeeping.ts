import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { keepCompacted, type Retention } from './compaction.ts';
import { keepEventsYoung } from './event-expiry.ts';
import { whileLeading } from './lease.ts';

export interface HousekeepingDeps {
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hub: { readonly revision: number };
}

const leaseKey = 'housekeeping';
const leaseTtlMs = 15_000;

/** Compacts the history and removes old events while this process leads, until the signal fires. */
export async function runHousekeeping(
  deps: HousekeepingDeps,
  options: { readonly holder: string; readonly retention: Retention },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log, hub } = deps;
  await whileLeading(
    { leases: store, clock, log },
    { key: leaseKey, holder: options.holder, ttlMs: leaseTtlMs },
    async (leading) => {
      await Promise.all([
        keepCompacted({ store, clock, log, revision: () => hub.revision }, options.retention, leading),
        keepEventsYoung({ store, clock, log }, leading),
      ]);
    },
    signal,
  );
}
