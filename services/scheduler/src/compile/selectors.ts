import type { NodeSelectorTerm, PodAffinityTerm } from '@gantry/model/gen/gantry.core.v1.ts';
import type { LabelSelector } from '@gantry/model/gen/gantry.meta.v1.ts';
import { nodeRequirement, type Requirement, requirementsOf } from '@gantry/model/selectors.ts';
import type { NodeTerm, PodSelector, PodTerm } from '../requirement.ts';

type Labels = Readonly<Record<string, string>>;

/** The pod whose rules are compiled: they speak of its own namespace and labels. */
export interface RuleOwner {
  readonly namespace: string;
  readonly labels: Labels;
}

/** A term of node affinity. */
export function nodeTerm(term: NodeSelectorTerm): NodeTerm {
  return {
    labels: (term.matchExpressions ?? []).map(nodeRequirement),
    names: (term.matchFields ?? []).map(nodeRequirement),
  };
}

/**
 * The names to which required affinity narrows the choice, where every alternative names them: pods of daemon sets are
 * made for one node each.
 */
export function namedNodes(terms: readonly NodeTerm[] | undefined): string[] | undefined {
  if (terms === undefined) return undefined;
  const names = new Set<string>();
  for (const term of terms) {
    const named = term.names.find(({ operator }) => operator === 'In');
    if (named === undefined || !('values' in named)) return undefined;
    for (const name of named.values) names.add(name);
  }
  return [...names];
}

/** Pods near which, or away from which, the owner wants to be. */
export function podTerm(term: PodAffinityTerm, owner: RuleOwner): PodTerm {
  const labels = withOwnValues(term.labelSelector, owner.labels, term.matchLabelKeys, term.mismatchLabelKeys);
  const selector = podSelector(labels, term.namespaces, term.namespaceSelector, owner.namespace);
  return { key: `${term.topologyKey} ${selector.key}`, selector, topologyKey: term.topologyKey };
}

/** Pods of the owner's own namespace. */
export function ownNamespaceSelector(
  selector: LabelSelector | undefined,
  matchLabelKeys: readonly string[] | undefined,
  owner: RuleOwner,
): PodSelector {
  return podSelector(withOwnValues(selector, owner.labels, matchLabelKeys), undefined, undefined, owner.namespace);
}

function podSelector(
  labels: readonly Requirement[] | undefined,
  namespaces: readonly string[] | undefined,
  namespaceSelector: LabelSelector | undefined,
  ownNamespace: string,
): PodSelector {
  const names = namespaces?.length || namespaceSelector ? (namespaces ?? []) : [ownNamespace];
  const namespaceLabels = namespaceSelector && requirementsOf(namespaceSelector);
  const sorted = [...names].sort();
  const key = JSON.stringify([sorted, namespaceLabels, labels]);
  return { key, namespaces: new Set(sorted), namespaceLabels, labels };
}

/** The selector narrowed to pods that have, or have not, the owner's values of some labels. */
function withOwnValues(
  selector: LabelSelector | undefined,
  labels: Labels,
  matchKeys: readonly string[] = [],
  mismatchKeys: readonly string[] = [],
): Requirement[] | undefined {
  if (selector === undefined) return undefined;
  const requirements = requirementsOf(selector);
  for (const key of matchKeys) {
    if (Object.hasOwn(labels, key)) requirements.push({ key, operator: 'In', values: [labels[key]!] });
  }
  for (const key of mismatchKeys) {
    if (Object.hasOwn(labels, key)) requirements.push({ key, operator: 'NotIn', values: [labels[key]!] });
  }
  return requirements;
}
