import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Entry, Operation, Store } from '@gantry/store/store.ts';

/** How long events are kept: Kubernetes' default. */
export const eventTtlMs = 3_600_000;

const sweepEveryMs = 30_000;
const pageEntries = 500;
/** Bounds of one sweep; what is left is for the next one, which goes on where this one stopped. */
const maxPagesPerSweep = 40;

interface EventTimes {
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly series?: { readonly lastObservedTime?: string };
  readonly metadata?: { readonly creationTimestamp?: string };
}

/** True where the event's last occurrence is longer ago than the time to live. One that cannot be decoded never expires. */
export function isExpired(text: string, nowMs: number, ttlMs: number): boolean {
  const { series, lastTimestamp, eventTime, metadata } = timesOf(text);
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata?.creationTimestamp]
    .map((time) => Date.parse(time ?? ''))
    .filter((ms) => !Number.isNaN(ms));
  return times.length > 0 && Math.max(...times) + ttlMs <= nowMs;
}

/** A damaged event must not hold up the sweep: the api names it, and it can be deleted by its name. */
function timesOf(text: string): EventTimes {
  try {
    return (JSON.parse(text) as EventTimes | null) ?? {};
  } catch {
    return {};
  }
}

/**
 * One bounded sweep over the events after the key `after`.
 * @returns How many were removed, and the key to go on after; undefined when the end was reached.
 */
export async function sweepEvents(
  store: Pick<Store, 'list' | 'commit'>,
  after: string | undefined,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ readonly removed: number; readonly after: string | undefined }> {
  let removed = 0;
  let position = after;
  for (let page = 0; page < maxPagesPerSweep && !signal.aborted; page++) {
    const { entries, more } = await store.list({ prefix: 'events/', limit: pageEntries, after: position });
    const expired = entries.filter((entry) => isExpired(entry.value, nowMs, eventTtlMs));
    removed += await removeAll(store, expired);
    position = entries.at(-1)?.key ?? position;
    if (!more) return { removed, after: undefined };
  }
  return { removed, after: position };
}

/** Removes entries that nobody changed meanwhile: an event that happened again just now stays. */
async function removeAll(store: Pick<Store, 'commit'>, entries: readonly Entry[]): Promise<number> {
  let left = entries;
  while (left.length > 0) {
    const operations = left.map((entry): Operation => ({ type: 'delete', key: entry.key, expected: entry.revision }));
    const result = await store.commit(operations);
    if (result.ok) return left.length;
    left = left.filter((_, index) => index !== result.failedIndex);
  }
  return 0;
}

/** Removes old events as time goes by, until the signal fires. Run by one leader. */
export async function expireEvents(
  deps: { readonly store: Pick<Store, 'list' | 'commit'>; readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  let after: string | undefined;
  while (!signal.aborted) {
    try {
      const swept = await sweepEvents(deps.store, after, deps.clock.now(), signal);
      after = swept.after;
      if (swept.removed > 0) deps.log.debug({ removed: swept.removed }, 'old events removed');
    } catch (error) {
      deps.log.warn({ error }, 'old events could not be removed');
    }
    await deps.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
  }
}
