import type { KindName } from '@gantry/model/registry.ts';
import type { View } from './action.ts';
import type { Outcome } from './executor.ts';

/** Milliseconds after which a key is reconciled although its writes were not seen: the informers read anew by then. */
const patienceMs = 10_000;

interface Pending {
  readonly outcome: Outcome;
  readonly sinceMs: number;
}

/**
 * What reconcilers have written and informers have not shown yet. A key whose writes are pending is not reconciled: it would
 * create its pods a second time. Revisions are global, so "seen" is a comparison of two numbers.
 */
export class PendingWrites {
  readonly #byKey = new Map<string, Pending>();

  note(key: string, outcome: Outcome, nowMs: number): void {
    if (outcome.written.size > 0 || outcome.gone.length > 0) this.#byKey.set(key, { outcome, sinceMs: nowMs });
  }

  /** True once everything that was written for a key is in the view. */
  isSeen(key: string, view: View, nowMs: number): boolean {
    const pending = this.#byKey.get(key);
    if (pending === undefined) return true;
    const seen = this.#inView(pending.outcome, view) || nowMs - pending.sinceMs > patienceMs;
    if (seen) this.#byKey.delete(key);
    return seen;
  }

  #inView({ written, gone }: Outcome, view: View): boolean {
    const current = [...written].every(([kind, revision]) => view.revision(kind) >= revision);
    return current && gone.every(({ kind, namespace, name, uid }) => uidOf(view, kind, namespace, name) !== uid);
  }
}

function uidOf(view: View, kind: KindName, namespace: string | undefined, name: string): string | undefined {
  return view.get(kind, namespace, name)?.metadata.uid;
}
