import type { Silence } from './nodehealth.ts';

/** How long a node must be missing before it counts as silent, in milliseconds. */
export interface SilenceTimes {
  /** Without a break, while we hear: the list may be short right after the store that holds heartbeats was restarted. */
  readonly confirmMs: number;
  /**
   * After a time in which we heard nothing ourselves, as while the api was away: every node must have had time to be heard again.
   * More than the time between two heartbeats.
   */
  readonly recoveryMs: number;
}

/** Turns lists of the nodes that live into who is silent. */
export class HeartbeatTracker implements Silence {
  readonly #times: SilenceTimes;
  /** Since when a known node is missing, in milliseconds since the Unix epoch. */
  readonly #missingSinceMs = new Map<string, number>();
  readonly #silent = new Set<string>();
  #interrupted = true;
  #recoveredAtMs = 0;
  #heard = 0;

  constructor(times: SilenceTimes) {
    this.#times = times;
  }

  /** The lists stopped coming: who was not heard meanwhile may well live. */
  interrupted(): void {
    this.#interrupted = true;
  }

  /**
   * Takes in who is heard now.
   * @returns The nodes to be looked at: those whose silence begins or ends with this, and all silent ones where it begins or ends
   * that no node is heard.
   */
  observe(known: Iterable<string>, heard: ReadonlySet<string>, nowMs: number): string[] {
    if (this.#interrupted) {
      this.#interrupted = false;
      this.#recoveredAtMs = nowMs + this.#times.recoveryMs;
      this.#missingSinceMs.clear();
    }
    const names = new Set(known);
    const before = new Set(this.#silent);
    for (const name of [...this.#missingSinceMs.keys(), ...before]) {
      if (names.has(name) && !heard.has(name)) continue;
      this.#missingSinceMs.delete(name);
      this.#silent.delete(name);
    }
    for (const name of names) {
      if (heard.has(name)) continue;
      const sinceMs = this.#missingSinceMs.get(name) ?? nowMs;
      this.#missingSinceMs.set(name, sinceMs);
      if (nowMs - sinceMs >= this.#times.confirmMs && nowMs >= this.#recoveredAtMs) this.#silent.add(name);
    }
    const totalChanged = (this.#heard === 0) !== (heard.size === 0);
    this.#heard = heard.size;
    return [...names].filter((name) =>
      totalChanged ? this.#silent.has(name) || before.has(name) : this.#silent.has(name) !== before.has(name),
    );
  }

  isSilent(nodeName: string): boolean {
    return this.#silent.has(nodeName);
  }

  isTotal(): boolean {
    return this.#heard === 0;
  }
}
