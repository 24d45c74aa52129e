import type { Clock } from '@gantry/runtime/clock.ts';
import { whileLeading } from '@gantry/runtime/leadership.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { storeLease } from '@gantry/store/lease.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { expireBootstrapTokens } from './bootstrap-tokens.ts';
import { keepCompacted, type Retention } from './compaction.ts';
import { expireEvents } from './event-expiry.ts';

export interface HousekeepingDeps {
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hub: { readonly revision: number };
  /** Further work of the leader, which goes on until the signal fires. */
  readonly alsoLead?: (leading: AbortSignal) => Promise<void>;
}

const leaseKey = 'housekeeping';
const leaseTtlMs = 15_000;

/** Compacts the history, removes old events and does what else it is given while this process leads, until the signal fires. */
export async function runHousekeeping(
  deps: HousekeepingDeps,
  options: { readonly holder: string; readonly retention: Retention },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log, hub, alsoLead } = deps;
  await whileLeading(
    {
      lease: storeLease(store, { key: leaseKey, holder: options.holder, ttlMs: leaseTtlMs }),
      durationMs: leaseTtlMs,
      clock,
      onError: (error) => log.warn({ error, lease: leaseKey }, 'leading, or becoming the leader, failed'),
      lead: async (leading) => {
        await Promise.all([
          keepCompacted({ store, clock, log, revision: () => hub.revision }, options.retention, leading),
          expireEvents({ store, clock, log }, leading),
          expireBootstrapTokens({ store, clock, log }, leading),
          alsoLead?.(leading),
        ]);
      },
    },
    signal,
  );
}
