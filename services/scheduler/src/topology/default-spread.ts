import type { TopologyPlugin, TopologyRule } from '../plugin.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import { preferredRule } from './pod-topology-spread.ts';
import { populated } from './spread-counts.ts';

/** Kubernetes' constraints for pods of a set that have none of their own; it satisfies them where it can. */
const constraints = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
] as const;

/**
 * Spreads the pods of one set over nodes and zones although nobody asked for it, so that a node that is lost takes few of them along.
 * The group of a pod is its class: pods of one set are alike, so no selector is kept up to date for it. A topology with fewer than two
 * domains has no say.
 */
export const defaultSpread: TopologyPlugin = {
  name: 'PodTopologySpread',
  unblockedBy: [],
  onlyPrefers: true,
  weightOf: (weights) => weights.defaultSpread,
  prepare(podClass, cluster) {
    if (!podClass.requirement.spreadsByDefault) return [];
    const rules = constraints.filter(({ topologyKey }) => domainsOf(topologyKey, cluster).length > 1);
    return rules.map(({ topologyKey, maxSkew }) => rule(topologyKey, maxSkew, rules.length, podClass, cluster));
  },
};

function rule(
  topologyKey: string,
  maxSkew: number,
  rules: number,
  { first }: PodClass,
  cluster: ClusterState,
): TopologyRule {
  const column = cluster.nodes.column(topologyKey);
  const pods = new Int32Array(column.size);
  const count = (node: number): void => {
    const domain = column.ids[node]!;
    pods[domain] = pods[domain]! + 1;
  };
  for (let pod = first; pod !== undefined; pod = pod.nextInClass) if (!pod.terminating) count(pod.node);
  const placed = (node: number): boolean => {
    count(node);
    return column.ids[node] !== 0;
  };
  const counts = { column, domains: domainsOf(topologyKey, cluster), of: (domain: number) => pods[domain]!, placed };
  return preferredRule(maxSkew, counts, true, rules);
}

function domainsOf(topologyKey: string, { nodes }: ClusterState): number[] {
  return populated(nodes.column(topologyKey));
}
