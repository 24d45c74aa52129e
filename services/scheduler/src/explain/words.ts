import type { ClusterChange } from '../plugin.ts';

/** Describes a change for people. Undefined for changes that mean nothing to them. */
const remedies: Readonly<Record<ClusterChange, string | undefined>> = {
  nodeAdded: 'a new node',
  nodeLabels: 'other labels on the nodes',
  nodeTaints: 'uncordoned nodes, or other taints on them',
  nodeCapacity: 'more capacity on the nodes',
  podGone: 'pods that leave the nodes',
  podPlaced: 'pods that come to the nodes',
  podBound: undefined,
  budgetGrown: 'disruption budgets that allow more evictions',
  namespaceLabels: 'other labels on namespaces',
  volumes: 'other claims, volumes or storage classes',
};

/** Changes in words, each once, in the order of the list above. */
export function remediesFor(changes: Iterable<ClusterChange>): string[] {
  const wanted = new Set(changes);
  return Object.entries(remedies)
    .filter(([change]) => wanted.has(change as ClusterChange))
    .flatMap(([, words]) => words ?? []);
}
