import type { PodSelector } from '../requirement.ts';
import type { LabelColumn } from './label-column.ts';

/** Membership of a pod in a count. */
export type Membership =
  /** The selectors select it, all of them. */
  | { readonly type: 'selected'; readonly selectors: readonly PodSelector[] }
  /** It has a rule of its own: anti-affinity that others must respect, or a preference that speaks of others. */
  | { readonly type: 'carrier'; readonly rule: CarriedRule; readonly key: string };

/** A placed pod's (anti-)affinity term as it applies to pods that are scheduled later. */
export type CarriedRule = 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity' | 'affinity';

/** How many pods of a group stand in each domain of a topology: kept up to date with each pod and node, never recounted. */
export class DomainCount {
  readonly key: string;
  readonly column: LabelColumn;
  readonly membership: Membership;
  /** Leaves out pods whose end was asked for, as topology spread does. */
  readonly liveOnly: boolean;
  /** Classes that use it in their rules, or carry it. */
  references = 0;
  /** Pods by domain; at 0 those on nodes without the label. */
  #counts: Int32Array;
  /** Pods on nodes that have the label. */
  total = 0;

  constructor(key: string, column: LabelColumn, membership: Membership, liveOnly: boolean) {
    this.key = key;
    this.column = column;
    this.membership = membership;
    this.liveOnly = liveOnly;
    this.#counts = new Int32Array(Math.max(16, column.size));
  }

  /** Pods in a domain. */
  of(domain: number): number {
    return domain < this.#counts.length ? this.#counts[domain]! : 0;
  }

  /** Counts pods of a class that came to a node, or left it. */
  add(node: number, pods: number): void {
    const domain = this.column.ids[node]!;
    if (domain >= this.#counts.length) this.#grow();
    this.#counts[domain] = this.#counts[domain]! + pods;
    if (domain !== 0) this.total += pods;
  }

  #grow(): void {
    const grown = new Int32Array(Math.max(this.column.size, this.#counts.length * 2));
    grown.set(this.#counts);
    this.#counts = grown;
  }
}
