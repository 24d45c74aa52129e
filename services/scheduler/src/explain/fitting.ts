import type { FittingNodes, PluginScore } from '@gantry/client/placement-messages.ts';
import { resourceFormula } from '../score/resources.ts';
import { goesBefore } from '../solve/node-order.ts';
import type { PreparedClass } from '../solve/prepared.ts';
import { refused, scanNode } from '../solve/resource-scan.ts';
import type { ClusterState } from '../state/cluster.ts';

/** The resource scores by Kubernetes' names; the scan computes their weighed sum in one go. */
const resourceScores = {
  leastAllocated: 'NodeResourcesFit (LeastAllocated)',
  mostAllocated: 'NodeResourcesFit (MostAllocated)',
  balancedAllocation: 'NodeResourcesBalancedAllocation',
} as const;

const noWeights = { leastAllocated: 0, mostAllocated: 0, balancedAllocation: 0 };

/** How well nodes suit a pod. */
export interface Fitting {
  /** Nodes with equal scores together, best first. */
  readonly groups: readonly FittingNodes[];
  readonly count: number;
  /** Index of the node that the solver would take; -1 where there is none. */
  readonly best: number;
}

interface Group {
  readonly nodes: number[];
  /** The best of them; they differ by less than is shown. */
  score: number;
}

/**
 * Scores the nodes that nothing stands against, as the solver does.
 * @param seed The solver's, which decides between equals.
 */
export function fittingOf(
  prepared: PreparedClass,
  cluster: ClusterState,
  unsuited: ReadonlySet<number>,
  seed: number,
): Fitting {
  const groups = new Map<string, Group>();
  let count = 0;
  let best = -1;
  let bestScore = 0;
  for (const node of cluster.nodes.indexes()) {
    if (unsuited.has(node)) continue;
    const score = totalScore(prepared, node);
    if (score === refused) continue;
    count++;
    if (best < 0 || goesBefore(node, score, best, bestScore, seed)) {
      best = node;
      bestScore = score;
    }
    const key = scoresOf(prepared, node)
      .map(({ score: each }) => each.toFixed(1))
      .join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { nodes: [node], score });
    else {
      group.nodes.push(node);
      group.score = Math.max(group.score, score);
    }
  }
  const sorted = [...groups.values()].sort((left, right) => right.score - left.score);
  return {
    groups: sorted.map(({ nodes, score }) => ({
      nodes: nodes.map((node) => cluster.nodes.names[node]!),
      score,
      scores: scoresOf(prepared, nodes[0]!),
    })),
    count,
    best,
  };
}

/** The solver's score of a node; `refused` if it would not take the node. */
function totalScore(prepared: PreparedClass, node: number): number {
  const onNode = prepared.evaluate(node);
  if (onNode === refused) return refused;
  let onGroup = 0;
  for (const { rule, weight } of prepared.groupRules) {
    const domain = rule.domains[node]!;
    if (!rule.allows(domain)) return refused;
    onGroup += weight * rule.score(domain);
  }
  return onNode + onGroup;
}

/** The same, plugin by plugin; those without weight, and those to whom all nodes are alike, are left out. */
function scoresOf(prepared: PreparedClass, node: number): PluginScore[] {
  const { scan, profile, scores, nodeRules, groupRules } = prepared;
  const sums = new Map<string, { score: number; weight: number }>();
  for (const [name, plugin] of Object.entries(resourceScores)) {
    const weight = profile.weights[name as keyof typeof resourceScores];
    if (weight === 0) continue;
    const formula = resourceFormula({ ...noWeights, [name]: 1 });
    const score = scanNode({ ...scan, demand: { ...scan.demand, formula } }, node);
    sums.set(plugin, { score, weight });
  }
  for (const { plugin, score, weight } of scores) sums.set(plugin, { score: score(node), weight });
  for (const { plugin, rule, weight } of [...nodeRules, ...groupRules]) {
    if (weight === 0) continue;
    const before = sums.get(plugin)?.score ?? 0;
    sums.set(plugin, { score: before + rule.score(rule.domains[node]!), weight });
  }
  return [...sums].map(([plugin, { score, weight }]) => ({ plugin, score, weight }));
}
