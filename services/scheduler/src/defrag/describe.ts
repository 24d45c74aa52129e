import type { DefragmentPlan, PodMove } from '@gantry/client/placement-messages.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { DefragPlan, KeepReason, Move } from './plan.ts';

/** Why nodes stay as they are, for people. */
const keepReasons: Readonly<Record<KeepReason, string>> = {
  free: 'are free already',
  cordoned: 'are cordoned',
  inMotion: 'have pods that are coming or going',
  noRoom: 'have pods that fit on no other node in use',
  budget: 'have pods that a disruption budget does not let go now',
  tooManyMoves: 'have more pods than may move now, or than a free node is worth',
  takesPods: 'take pods from the nodes that become free',
  notLookedAt: 'were not looked at, as there are too many',
  bare: 'have pods that no controller would make anew',
  localStorage: 'have pods with data on the node (emptyDir or hostPath)',
  forbidden: 'have pods that must not be evicted (safe-to-evict is "false")',
  critical: 'have pods that nodes or the cluster cannot do without',
  grouped: 'have members of a pod group',
};

/** A plan with names, for clients. */
export function describePlan({ freed, kept }: DefragPlan, cluster: ClusterState): DefragmentPlan {
  const { names } = cluster.nodes;
  return {
    freed: freed.map(({ node, moves }) => ({
      nodeName: names[node]!,
      moves: moves.map((move) => describeMove(move, cluster)),
    })),
    kept: [...kept]
      .map(([reason, nodes]) => ({ reason: keepReasons[reason], nodes: nodes.map((node) => names[node]!) }))
      .sort((left, right) => right.nodes.length - left.nodes.length),
  };
}

/** A move with names. */
export function describeMove({ pod, from, to }: Move, { nodes }: ClusterState): PodMove {
  const { namespace, name } = pod;
  return { namespace, name, fromNode: nodes.names[from]!, toNode: nodes.names[to]! };
}
