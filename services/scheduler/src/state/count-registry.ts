import type { PodRequirement, PodTerm } from '../requirement.ts';
import { type CarriedRule, DomainCount, type Membership } from './domain-count.ts';
import type { NodeTable } from './node-table.ts';
import type { PodClass, PodRecord } from './pod-class.ts';
import { type NamespaceLabels, selects } from './pod-selection.ts';

/** A rule of pods that have a node which speaks of a pod that has none yet. */
export interface CarriedTerm {
  readonly rule: CarriedRule;
  readonly term: PodTerm;
  /** How much it is liked or disliked, 1 to 100; 0 for anti-affinity, which binds. */
  readonly weight: number;
  /** Pods that have the rule, by domain. */
  readonly count: DomainCount;
}

/** Kubernetes lets a pod's required affinity attract others that match it, a little. */
const requiredAffinityWeight = 1;

/**
 * All counts of pods by domain. A count lives as long as a class needs it: the classes whose rules ask for it, and for
 * carried rules the classes that have them.
 */
export class CountRegistry {
  readonly #nodes: NodeTable;
  readonly #classes: ReadonlyMap<string, PodClass>;
  readonly #namespaces: NamespaceLabels;
  readonly #counts = new Map<string, DomainCount>();
  readonly #carried = new Map<string, CarriedTerm>();
  /** Keys of the counts that each class holds. */
  readonly #held = new Map<PodClass, readonly string[]>();

  constructor(nodes: NodeTable, classes: ReadonlyMap<string, PodClass>, namespaces: NamespaceLabels) {
    this.#nodes = nodes;
    this.#classes = classes;
    this.#namespaces = namespaces;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** Pods that all of the selectors select, by domain; the class must be registered. */
  selected(selectors: readonly PodTerm['selector'][], topologyKey: string, liveOnly: boolean): DomainCount {
    return this.#counts.get(selectedKey(selectors, topologyKey, liveOnly))!;
  }

  /** The pods of a count that have a node. */
  *podsOf(count: DomainCount): Generator<PodRecord> {
    for (const podClass of this.#classes.values()) {
      if (!podClass.counts.includes(count)) continue;
      for (let pod = podClass.first; pod !== undefined; pod = pod.nextInClass) yield pod;
    }
  }

  /** Rules of other pods that speak of pods like these. */
  speakingOf(requirement: PodRequirement): CarriedTerm[] {
    return [...this.#carried.values()].filter(({ term }) => selects(term.selector, requirement, this.#namespaces));
  }

  /** Sees to the counts that a new class needs, and to those it is part of. */
  register(podClass: PodClass): void {
    const held: string[] = [];
    const { requirement } = podClass;
    const hold = (key: string, topologyKey: string, membership: Membership, liveOnly: boolean): DomainCount => {
      held.push(key);
      return this.#acquire(key, topologyKey, membership, liveOnly);
    };
    const holdSelected = (selectors: readonly PodTerm['selector'][], topologyKey: string, liveOnly: boolean): void => {
      hold(selectedKey(selectors, topologyKey, liveOnly), topologyKey, { type: 'selected', selectors }, liveOnly);
    };
    for (const { selector, topologyKey } of requirement.spread) holdSelected([selector], topologyKey, true);
    const allAffinity = requirement.affinity.map(({ selector }) => selector);
    for (const { topologyKey } of requirement.affinity) holdSelected(allAffinity, topologyKey, false);
    for (const { selector, topologyKey } of requirement.antiAffinity) holdSelected([selector], topologyKey, false);
    for (const { term } of [...requirement.preferredAffinity, ...requirement.preferredAntiAffinity]) {
      holdSelected([term.selector], term.topologyKey, false);
    }
    for (const { key, rule, term, weight } of carriedRules(requirement)) {
      const count = hold(key, term.topologyKey, { type: 'carrier', rule, key }, false);
      this.#carried.set(key, { rule, term, weight, count });
    }
    this.#held.set(podClass, held);
    podClass.counts = [...this.#counts.values()].filter((count) => this.#includes(count, podClass));
  }

  /** Lets go of what only this class needed. None of its pods may have a node. */
  release(podClass: PodClass): void {
    podClass.counts = [];
    for (const key of this.#held.get(podClass) ?? []) {
      const count = this.#counts.get(key)!;
      count.references--;
      if (count.references > 0) continue;
      this.#counts.delete(key);
      this.#carried.delete(key);
      for (const other of this.#classes.values()) {
        if (other.counts.includes(count)) other.counts = other.counts.filter((kept) => kept !== count);
      }
    }
    this.#held.delete(podClass);
  }

  /** Counts anew where selectors look at the labels of namespaces, which have changed. */
  recountByNamespace(): void {
    for (const [key, old] of this.#counts) {
      const { membership } = old;
      if (membership.type !== 'selected') continue;
      if (membership.selectors.every(({ namespaceLabels }) => namespaceLabels === undefined)) continue;
      const count = new DomainCount(key, old.column, membership, old.liveOnly);
      count.references = old.references;
      this.#counts.set(key, count);
      for (const podClass of this.#classes.values()) {
        podClass.counts = podClass.counts.filter((kept) => kept !== old);
        this.#include(count, podClass);
      }
    }
  }

  #acquire(key: string, topologyKey: string, membership: Membership, liveOnly: boolean): DomainCount {
    let count = this.#counts.get(key);
    if (count === undefined) {
      count = new DomainCount(key, this.#nodes.column(topologyKey), membership, liveOnly);
      this.#counts.set(key, count);
      for (const podClass of this.#classes.values()) this.#include(count, podClass);
    }
    count.references++;
    return count;
  }

  #include(count: DomainCount, podClass: PodClass): void {
    if (!this.#includes(count, podClass)) return;
    podClass.counts = [...podClass.counts, count];
    for (let pod = podClass.first; pod !== undefined; pod = pod.nextInClass) {
      if (!(count.liveOnly && pod.terminating)) count.add(pod.node, 1);
    }
  }

  #includes({ membership }: DomainCount, { requirement }: PodClass): boolean {
    if (membership.type === 'carrier') return requirementCarries(requirement, membership);
    return membership.selectors.every((selector) => selects(selector, requirement, this.#namespaces));
  }
}

function selectedKey(selectors: readonly { readonly key: string }[], topologyKey: string, liveOnly: boolean): string {
  return `${liveOnly ? 'live' : 'all'} ${topologyKey} ${selectors.map(({ key }) => key).join(' ')}`;
}

interface KeyedRule {
  readonly key: string;
  readonly rule: CarriedRule;
  readonly term: PodTerm;
  readonly weight: number;
}

function carriedRules(requirement: PodRequirement): KeyedRule[] {
  const keyed = (rule: CarriedRule, term: PodTerm, weight: number): KeyedRule => {
    return { key: `${rule} ${weight} ${term.key}`, rule, term, weight };
  };
  return [
    ...requirement.antiAffinity.map((term) => keyed('antiAffinity', term, 0)),
    ...requirement.affinity.map((term) => keyed('affinity', term, requiredAffinityWeight)),
    ...requirement.preferredAffinity.map(({ term, weight }) => keyed('preferredAffinity', term, weight)),
    ...requirement.preferredAntiAffinity.map(({ term, weight }) => keyed('preferredAntiAffinity', term, weight)),
  ];
}

function requirementCarries(requirement: PodRequirement, membership: { rule: CarriedRule; key: string }): boolean {
  if (requirement[membership.rule].length === 0) return false;
  return carriedRules(requirement).some(({ key }) => key === membership.key);
}
