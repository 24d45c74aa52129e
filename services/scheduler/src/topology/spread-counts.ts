import { nodeAffinityTest } from '../filter/node-affinity.ts';
import { untolerated } from '../filter/taint-toleration.ts';
import type { SpreadRule } from '../requirement.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { LabelColumn } from '../state/label-column.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Pods of a spread rule's group by domain, and the domains that count. */
export interface SpreadCounts {
  readonly column: LabelColumn;
  /** Domains with at least one node on which the rule looks. */
  readonly domains: readonly number[];
  of(domain: number): number;
  /** A pod of the group was placed on a node. True where the count of the node's domain has grown. */
  placed(node: number): boolean;
}

type NodeTest = (node: number) => boolean;

/**
 * The counts that a rule works with. Where it looks at all nodes they are the ones kept up to date for the cluster;
 * where the pod's affinity, its tolerations or a missing label of another rule leave nodes out, they are counted from
 * the pods of the group.
 */
export function spreadCounts(
  rule: SpreadRule,
  together: readonly SpreadRule[],
  podClass: PodClass,
  cluster: ClusterState,
): SpreadCounts {
  const { nodes, counts } = cluster;
  const column = nodes.column(rule.topologyKey);
  const kept = counts.selected([rule.selector], rule.topologyKey, true);
  const limits = eligibility(rule, together, podClass, cluster);
  if (limits.length === 0) {
    return {
      column,
      domains: populated(column),
      of: (domain) => kept.of(domain),
      placed: (node) => column.ids[node] !== 0,
    };
  }
  const isEligible: NodeTest = (node) => nodes.present[node] === 1 && limits.every((test) => test(node));
  const own = new Int32Array(column.size);
  const seen = new Uint8Array(column.size);
  const domains: number[] = [];
  for (let node = 0; node < nodes.end; node++) {
    const domain = column.ids[node]!;
    if (domain === 0 || seen[domain] === 1 || !isEligible(node)) continue;
    seen[domain] = 1;
    domains.push(domain);
  }
  for (const pod of counts.podsOf(kept)) {
    if (!pod.terminating && isEligible(pod.node)) own[column.ids[pod.node]!]!++;
  }
  return {
    column,
    domains,
    of: (domain) => own[domain]!,
    placed: (node) => {
      if (!isEligible(node)) return false;
      own[column.ids[node]!]!++;
      return true;
    },
  };
}

/** Condition on nodes that the rule counts; none if it counts all nodes with its label. */
function eligibility(
  rule: SpreadRule,
  together: readonly SpreadRule[],
  { requirement }: PodClass,
  { nodes }: ClusterState,
): NodeTest[] {
  const tests: NodeTest[] = [];
  const affinity = rule.honorAffinity ? nodeAffinityTest(requirement, nodes) : undefined;
  if (affinity !== undefined) tests.push(affinity);
  if (rule.honorTaints) {
    const repelled = Array.from({ length: nodes.taintSetCount }, (_, set) =>
      Boolean(untolerated(nodes.taintsOf(set), requirement.tolerations)),
    );
    if (repelled.includes(true)) tests.push((node) => !repelled[nodes.taintSet[node]!]);
  }
  for (const { topologyKey } of together) {
    if (topologyKey === rule.topologyKey) continue;
    const { ids } = nodes.column(topologyKey);
    if (nodes.indexes().some((node) => ids[node] === 0)) tests.push((node) => ids[node] !== 0);
  }
  return tests;
}

/** The domains that have nodes. */
export function populated({ population }: LabelColumn): number[] {
  const domains: number[] = [];
  for (let domain = 1; domain < population.length; domain++) if (population[domain]! > 0) domains.push(domain);
  return domains;
}
