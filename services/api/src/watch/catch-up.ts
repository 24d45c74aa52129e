import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { Store } from '@gantry/store/store.ts';
import { type DecodeDeps, type HubChange, type Selection, toHubChange, type WatchEvent } from './change.ts';
import { concerns } from './watchers.ts';

export interface CatchUpDeps extends DecodeDeps {
  readonly store: Pick<Store, 'watch'>;
  readonly clock: Clock;
  /** Bounds how many catch up at a time, each with a batch of changes in memory. */
  readonly slots: Semaphore;
}

/** Longest time that one watch may hold a slot, in milliseconds: a watch that does not read must not keep others out. */
const maxHoldMs = 60_000;

/**
 * Events of a selection after one revision and up to another one, both known to the store, read from its history. Throws
 * Expired if the history no longer reaches back so far, and if the watcher does not take its events in time.
 */
export async function* catchUp(
  deps: CatchUpDeps,
  selection: Selection,
  range: { readonly after: number; readonly until: number },
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const slot = await deps.slots.acquire(signal);
  const done = new AbortController();
  const reading = AbortSignal.any([signal, done.signal]);
  const history = deps.store
    .watch({ prefix: `${selection.resource}/`, ...range, signal: reading })
    [Symbol.asyncIterator]();
  const batch: { changes: readonly HubChange[]; late: boolean } = { changes: [], late: false };
  const end = (): void => {
    batch.changes = [];
    slot[Symbol.dispose]();
    void history.return?.().catch(() => {});
  };
  // A generator that waits at a yield cannot see the time: its slot and its changes are taken from it.
  deps.clock.sleep(maxHoldMs, done.signal).then(
    () => {
      batch.late = true;
      end();
    },
    () => {},
  );
  const fill = async (): Promise<boolean> => {
    const { value, done: isLast } = await history.next();
    if (!isLast) batch.changes = value.flatMap((change) => toHubChange(change, deps) ?? []);
    return !isLast;
  };
  try {
    while (!batch.late && (await fill())) {
      for (let index = 0; index < batch.changes.length; index++) {
        const change = batch.changes[index]!;
        const event = concerns(change, selection) ? change.eventFor(selection) : undefined;
        if (event !== undefined) yield event;
      }
    }
    if (batch.late) throw tooSlow();
  } finally {
    done.abort();
    if (!batch.late) end();
  }
}

/** The error of a watch whose consumer is slower than the changes. */
export function tooSlow(): GantryError {
  return new GantryError('Expired', 'the watcher did not keep up with the changes; list again');
}
