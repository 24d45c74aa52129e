import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Ephemeral } from '@gantry/store/store.ts';

/** How a leader is found. */
export interface LeadershipOptions {
  /** Key of the lease in the store. */
  readonly key: string;
  /** Who we are; different in every process. */
  readonly holder: string;
  readonly ttlMs: number;
}

/**
 * Runs `lead` while this process holds a lease of the store, again each time it gets it, until the signal fires.
 * The signal that `lead` gets fires when the lease may have been lost: before anybody else can hold it. The token grows
 * with each change of the holder.
 */
export async function whileLeading(
  deps: { readonly leases: Ephemeral; readonly clock: Clock; readonly log: Logger },
  { key, holder, ttlMs }: LeadershipOptions,
  lead: (signal: AbortSignal, token: number) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { leases, clock, log } = deps;
  const renewMs = ttlMs / 3;
  while (!signal.aborted) {
    const token = await leases.acquire(key, holder, ttlMs).catch(() => undefined);
    if (token !== undefined) {
      const lost = new AbortController();
      const either = AbortSignal.any([signal, lost.signal]);
      log.debug({ key, token }, 'leading');
      const work = lead(either, token).catch((error) => {
        if (!either.aborted) log.warn({ error, key }, 'the leader failed');
      });
      await renewUntilLost(deps, { key, holder, ttlMs }, Promise.race([work, aborted(either)]), renewMs, signal);
      lost.abort();
      await work;
    }
    await clock.sleep(renewMs, signal).catch(() => undefined);
  }
  await leases.release(key, holder).catch(() => undefined);
}

/** Renews the lease each `renewMs`; returns when it may be lost or the work is over. */
async function renewUntilLost(
  { leases, clock }: { readonly leases: Ephemeral; readonly clock: Clock },
  { key, holder, ttlMs }: LeadershipOptions,
  over: Promise<void>,
  renewMs: number,
  signal: AbortSignal,
): Promise<void> {
  let ended = false;
  void over.then(() => {
    ended = true;
  });
  let renewedAtMs = clock.now();
  while (!ended && !signal.aborted) {
    await Promise.race([clock.sleep(renewMs, signal).catch(() => undefined), over]);
    if (ended || signal.aborted) return;
    const askedAtMs = clock.now();
    try {
      if ((await leases.acquire(key, holder, ttlMs)) === undefined) return;
      renewedAtMs = askedAtMs;
    } catch {
      // The store is away: the lease is ours until its time is nearly up.
      if (clock.now() - renewedAtMs > ttlMs - renewMs) return;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
