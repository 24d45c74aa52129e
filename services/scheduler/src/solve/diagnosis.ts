import type { ClusterChange, Filter, PreparedFilter, TopologyRule } from '../plugin.ts';
import {
  deviceFilters,
  nodeFilters,
  resourceFilter,
  staticFilters,
  topologyPlugins,
  volumeFilters,
} from '../plugins.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Why no node takes the pods of a class. */
export interface Diagnosis {
  /** In Kubernetes' words, such as `0/3 nodes are available: 3 Insufficient cpu.` */
  readonly message: string;
  /** Changes that might let the pods through. */
  readonly unblockedBy: ReadonlySet<ClusterChange>;
  /** Nodes whose refusal evicting pods might turn. */
  readonly preemptable: number;
}

/** Why one node refuses a pod: the first filter that does, and its reasons. */
export interface Refusal {
  readonly filter: Pick<Filter, 'name' | 'unblockedBy'>;
  /** True where evicting pods from the node might make it take the pod. */
  readonly helpedByPreemption: boolean;
  readonly reasons: readonly string[];
}

/** Says of a node why one plugin, or one rule of it, refuses it; undefined where it does not. */
export type Judge = (node: number) => Refusal | undefined;

/** Says for each node why it refuses a class, or undefined where it would take it. */
export function refusals(podClass: PodClass, cluster: ClusterState): Judge {
  const judges = judgesOf(podClass, cluster);
  return (node) => {
    for (const judge of judges) {
      const refusal = judge(node);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
}

/** All that may stand against a node, in the order in which it is looked at. */
export function judgesOf(podClass: PodClass, cluster: ClusterState): Judge[] {
  const all = [...staticFilters, ...nodeFilters, resourceFilter, ...deviceFilters, ...volumeFilters];
  const filters = all.flatMap((filter) => {
    const prepared = filter.prepare(podClass, cluster);
    return prepared === undefined ? [] : [{ filter, prepared }];
  });
  const rules = topologyPlugins.flatMap((filter) =>
    filter.prepare(podClass, cluster).map((rule) => ({ filter, rule })),
  );
  return [
    ...filters.map(({ filter, prepared }) => judgeByFilter(filter, prepared)),
    ...rules.map(({ filter, rule }) => judgeByRule(filter, rule)),
  ];
}

function judgeByFilter(filter: Filter, prepared: PreparedFilter): Judge {
  return (node) => {
    if (prepared.passes(node)) return undefined;
    return { filter, helpedByPreemption: prepared.helpedByPreemption(node), reasons: prepared.reasons(node) };
  };
}

function judgeByRule(filter: Refusal['filter'], rule: TopologyRule): Judge {
  const lists = new Map<string, readonly string[]>();
  return (node) => {
    const domain = rule.domains[node]!;
    if (rule.allows(domain)) return undefined;
    const reason = rule.reason(domain);
    const reasons = lists.get(reason) ?? [reason];
    lists.set(reason, reasons);
    return { filter, helpedByPreemption: rule.helpedByPreemption(domain), reasons };
  };
}

/** Why no node takes a class; only for one that none takes. */
export function diagnose(podClass: PodClass, cluster: ClusterState): Diagnosis {
  for (const filter of volumeFilters) {
    const problem = filter.prepare(podClass, cluster)?.refusesAll;
    if (problem === undefined) continue;
    const message = `0/${cluster.nodes.count} nodes are available: ${problem}.`;
    return { message, unblockedBy: new Set(filter.unblockedBy), preemptable: 0 };
  }
  const judge = refusals(podClass, cluster);
  const filters = new Set<Refusal['filter']>();
  /** Filters give the same lists again and again: counted are lists, of which there are few. */
  const lists = new Map<readonly string[], number>();
  let preemptable = 0;
  for (const node of cluster.nodes.indexes()) {
    const refusal = judge(node);
    if (refusal === undefined) continue;
    if (refusal.helpedByPreemption) preemptable++;
    filters.add(refusal.filter);
    lists.set(refusal.reasons, (lists.get(refusal.reasons) ?? 0) + 1);
  }
  const unblockedBy = new Set<ClusterChange>(['nodeAdded', ...[...filters].flatMap((filter) => filter.unblockedBy)]);
  const counts = new Map<string, number>();
  for (const [reasons, nodes] of lists) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  }
  return { message: unavailableMessage(cluster.nodes.count, counts), unblockedBy, preemptable };
}

/** The message as kube-scheduler prints it. */
export function unavailableMessage(nodes: number, counts: ReadonlyMap<string, number>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  return `0/${nodes} nodes are available: ${countedReasons(counts)}.`;
}

/** `1 node(s) were unschedulable, 2 Insufficient cpu`: in the order of the texts, as kube-scheduler sorts them. */
export function countedReasons(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((left, right) => (left < right ? -1 : 1))
    .join(', ');
}

/** True where rules of a class, or of others about it, are about pods on other nodes. */
export function looksBeyondNode({ requirement }: PodClass, cluster: ClusterState): boolean {
  const { spread, affinity, antiAffinity } = requirement;
  return spread.length + affinity.length + antiAffinity.length > 0 || cluster.counts.speakingOf(requirement).length > 0;
}
