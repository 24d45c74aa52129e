import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';

/** Times for which a node must be missing before it counts as lost, in milliseconds. */
export interface SilenceTimes {
  /** Without a break, while lists can be read: a list may be short right after the store that holds heartbeats was restarted. */
  readonly confirmMs: number;
  /**
   * After a time in which no list could be read, as while the api was away: every node must have had time to be heard again.
   * More than the period of heartbeats.
   */
  readonly recoveryMs: number;
}

/** The heartbeats that were found, and a revision: nodes that reported at or before it had sent theirs when the list was made. */
export interface HeardNodes {
  readonly names: ReadonlySet<string>;
  readonly revision: number;
}

/**
 * Knowledge of a node's life. `unknown`: it was not heard, but that proves nothing: it may have reported since the list of
 * heartbeats was made, or no list can be read at the moment, or has been for long enough.
 */
export type Contact = 'heard' | 'lost' | 'unknown';

/** Turns lists of the nodes that are heard into who is lost. All times are of the monotonic clock. */
export class HeartbeatTracker {
  readonly #times: SilenceTimes;
  /** Time since which a known node is missing. */
  readonly #missingSinceMs = new Map<string, number>();
  readonly #lost = new Set<string>();
  #heard: HeardNodes = { names: new Set(), revision: 0 };
  #isInterrupted = true;
  #recoveredAtMs = 0;
  /** True while every node that lives has had time to be heard. */
  #isSure = false;

  constructor(times: SilenceTimes) {
    this.#times = times;
  }

  /** Notes that no list could be read: nodes that were not heard meanwhile may well live. */
  interrupted(): void {
    this.#isInterrupted = true;
    this.#isSure = false;
  }

  /**
   * Takes in who is heard now.
   * @returns The nodes to be looked at: those that are lost or found with this; all lost ones where it begins or ends that any
   * node is heard, or that its absence proves something.
   */
  observe(known: Iterable<string>, heard: HeardNodes, nowMs: number): string[] {
    if (this.#isInterrupted) {
      this.#isInterrupted = false;
      this.#recoveredAtMs = nowMs + this.#times.recoveryMs;
      this.#missingSinceMs.clear();
    }
    const names = new Set(known);
    const before = new Set(this.#lost);
    const [wasSure, wasCutOff] = [this.#isSure, this.isCutOff()];
    this.#heard = heard;
    this.#isSure = nowMs >= this.#recoveredAtMs;
    this.#update(names, nowMs);
    const concernsAll = wasSure !== this.#isSure || wasCutOff !== this.isCutOff();
    return [...names].filter((name) =>
      concernsAll ? this.#lost.has(name) || before.has(name) : this.#lost.has(name) !== before.has(name),
    );
  }

  #update(names: ReadonlySet<string>, nowMs: number): void {
    for (const name of [...this.#missingSinceMs.keys(), ...this.#lost]) {
      if (names.has(name) && !this.#heard.names.has(name)) continue;
      this.#missingSinceMs.delete(name);
      this.#lost.delete(name);
    }
    for (const name of names) {
      if (this.#heard.names.has(name)) continue;
      const sinceMs = this.#missingSinceMs.get(name) ?? nowMs;
      this.#missingSinceMs.set(name, sinceMs);
      if (nowMs - sinceMs >= this.#times.confirmMs && this.#isSure) this.#lost.add(name);
    }
  }

  /** True for a node that was missing for long enough, whatever it may have reported since. */
  isMissing(nodeName: string): boolean {
    return this.#lost.has(nodeName);
  }

  /** Knowledge of a node in this state: a list of heartbeats says nothing of a node that reported after it was made. */
  contactWith(node: Node): Contact {
    const { name } = node.metadata;
    if (!this.#isInterrupted && this.#heard.names.has(name)) return 'heard';
    return this.#isSure && this.#lost.has(name) && this.isAsNewAs(node) ? 'lost' : 'unknown';
  }

  /** True where an object's last change came before the list of heartbeats was made. */
  isAsNewAs({ metadata }: { readonly metadata: { readonly resourceVersion?: string } }): boolean {
    return Number(metadata.resourceVersion ?? 0) <= this.#heard.revision;
  }

  /**
   * True where no node at all is heard: the fault is then rather on the side of the control plane, and nothing is evicted or
   * taken out of services.
   */
  isCutOff(): boolean {
    return this.#heard.names.size === 0;
  }
}
