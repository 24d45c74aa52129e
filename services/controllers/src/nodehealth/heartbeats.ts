import type { Silence } from './nodehealth.ts';

/**
 * Turns lists of the nodes that live into who is silent. A node counts as silent only after it was missing for
 * `confirmMs` without a break: the list may be short right after the store that holds heartbeats was restarted.
 */
export class HeartbeatTracker implements Silence {
  readonly #confirmMs: number;
  /** Since when a known node is missing, in milliseconds since the Unix epoch. */
  readonly #missingSinceMs = new Map<string, number>();
  #nowMs = 0;
  #heard = 0;

  constructor(confirmMs: number) {
    this.#confirmMs = confirmMs;
  }

  /**
   * Takes in who is heard now.
   * @returns The nodes whose silence begins or ends with this.
   */
  observe(known: Iterable<string>, heard: ReadonlySet<string>, nowMs: number): string[] {
    const before = new Set([...this.#missingSinceMs.keys()].filter((name) => this.isSilent(name)));
    const names = new Set(known);
    for (const name of [...this.#missingSinceMs.keys()]) {
      if (heard.has(name) || !names.has(name)) this.#missingSinceMs.delete(name);
    }
    for (const name of names) {
      if (!heard.has(name) && !this.#missingSinceMs.has(name)) this.#missingSinceMs.set(name, nowMs);
    }
    this.#nowMs = nowMs;
    this.#heard = heard.size;
    return [...names].filter((name) => this.isSilent(name) !== before.has(name));
  }

  isSilent(nodeName: string): boolean {
    const sinceMs = this.#missingSinceMs.get(nodeName);
    return sinceMs !== undefined && this.#nowMs - sinceMs >= this.#confirmMs;
  }

  isTotal(): boolean {
    return this.#heard === 0;
  }
}
