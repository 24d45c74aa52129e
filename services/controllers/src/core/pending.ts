import type { AnyKind } from '@gantry/client/api.ts';
import type { ObjectRef, View } from './action.ts';
import type { Outcome } from './executor.ts';

/** Milliseconds after which the api is asked how far it is, because a key's writes were not seen. */
const patienceMs = 10_000;
/**
 * Milliseconds after a write whose answer was lost until the api is asked how far it is: time in which the request, should
 * it still be under way, is carried out or dropped.
 */
const doubtMs = 1_000;

interface Pending {
  readonly written: ReadonlyMap<AnyKind, number>;
  readonly gone: readonly ObjectRef[];
  readonly inDoubt: ReadonlySet<AnyKind>;
  readonly sinceMs: number;
}

/**
 * Whether a key may be reconciled: `seen` where the view holds all that was written for it, `unseen` where it has to
 * wait, and `ask` where only the api can say for what: a barrier is needed.
 */
export type PendingState = 'seen' | 'unseen' | 'ask';

/**
 * Writes of reconcilers that informers have not shown yet. A key whose writes are pending is not reconciled: it would
 * create its pods a second time. Revisions are global, so "seen" is a comparison of two numbers. Where a write's answer was
 * lost, or the writes are not seen for long, the api is asked for its present revision, and the key waits for that one.
 * All times are of the monotonic clock.
 */
export class PendingWrites {
  readonly #byKey = new Map<string, Pending>();

  /** Notes what a plan did for a key, whatever of it failed. */
  note(key: string, { written, gone, inDoubt }: Outcome, nowMs: number): void {
    if (written.size + gone.length + inDoubt.size === 0) return;
    this.#byKey.set(key, { written, gone, inDoubt, sinceMs: nowMs });
  }

  state(key: string, view: View, nowMs: number): PendingState {
    const pending = this.#byKey.get(key);
    if (pending === undefined) return 'seen';
    const waitedMs = nowMs - pending.sinceMs;
    if (pending.inDoubt.size > 0) return waitedMs >= doubtMs ? 'ask' : 'unseen';
    if (isSeen(pending, view)) {
      this.#byKey.delete(key);
      return 'seen';
    }
    return waitedMs >= patienceMs ? 'ask' : 'unseen';
  }

  /**
   * Lets a key wait until the kinds that were written for it are seen up to this revision, and for nothing else. The revision
   * was read from the api after all that was written.
   */
  barrier(key: string, revision: number, nowMs: number): void {
    const { written, gone, inDoubt } = this.#byKey.get(key) ?? { written: new Map(), gone: [], inDoubt: new Set() };
    const kinds = [...written.keys(), ...gone.map(({ kind }) => kind), ...inDoubt];
    const revisions = new Map<AnyKind, number>(kinds.map((kind) => [kind, revision]));
    this.#byKey.set(key, { written: revisions, gone: [], inDoubt: new Set(), sinceMs: nowMs });
  }
}

function isSeen({ written, gone }: Pending, view: View): boolean {
  // A kind that no view shows any more will never be seen: it is served no more.
  const current = [...written].every(([kind, revision]) => !view.shows(kind) || view.revision(kind) >= revision);
  return (
    current && gone.every(({ kind, namespace, name, uid }) => view.get(kind, namespace, name)?.metadata.uid !== uid)
  );
}
