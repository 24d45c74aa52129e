import type { PodRequirement, PodSelector } from '../requirement.ts';
import { type NamespaceLabels, selects } from '../state/pod-selection.ts';
import { setOrDelete } from '../state/volumes.ts';

/** A disruption budget: how many of the pods that it selects may be evicted now. */
export interface Budget {
  readonly selector: PodSelector;
  readonly allowed: number;
}

/** The disruption budgets of the cluster. */
export class Budgets {
  readonly #budgets = new Map<string, Budget>();
  readonly #namespaces: NamespaceLabels;

  constructor(namespaces: NamespaceLabels) {
    this.#namespaces = namespaces;
  }

  /** Takes a budget by its key; undefined where it is gone. True where more pods may be evicted than before. */
  set(key: string, budget: Budget | undefined): boolean {
    const known = this.#budgets.get(key);
    setOrDelete(this.#budgets, key, budget);
    if (known === undefined) return false;
    return budget === undefined || budget.allowed > known.allowed || budget.selector.key !== known.selector.key;
  }

  /** A fresh account, from which evictions can be taken one by one. */
  account(): BudgetAccount {
    return new BudgetAccount([...this.#budgets.values()], this.#namespaces);
  }
}

/** Remaining disruptions of the budgets while victims are chosen. */
export class BudgetAccount {
  readonly #budgets: readonly Budget[];
  readonly #namespaces: NamespaceLabels;
  readonly #taken: number[];

  constructor(budgets: readonly Budget[], namespaces: NamespaceLabels) {
    this.#budgets = budgets;
    this.#namespaces = namespaces;
    this.#taken = budgets.map(() => 0);
  }

  /** True where there are no budgets at all. */
  get isEmpty(): boolean {
    return this.#budgets.length === 0;
  }

  /** True where a budget is about the pod. */
  covers(pod: PodRequirement): boolean {
    return this.#of(pod).length > 0;
  }

  /** Takes one eviction of the pod from all budgets about it. False, with nothing taken, where one has none left. */
  take(pod: PodRequirement): boolean {
    const indexes = this.#of(pod);
    if (indexes.some((index) => this.#taken[index]! >= this.#budgets[index]!.allowed)) return false;
    for (const index of indexes) this.#taken[index]!++;
    return true;
  }

  /** Gives back what was taken for a pod. */
  giveBack(pod: PodRequirement): void {
    for (const index of this.#of(pod)) this.#taken[index]!--;
  }

  #of(pod: PodRequirement): number[] {
    return [...this.#budgets.keys()].filter((index) => selects(this.#budgets[index]!.selector, pod, this.#namespaces));
  }
}
