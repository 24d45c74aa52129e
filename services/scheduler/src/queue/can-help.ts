import type { ClusterChange } from '../plugin.ts';
import { mayPreempt } from '../preempt/preemption.ts';
import { looksBeyondNode, refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import { anyNode } from './change-log.ts';

/**
 * Whether changes of nodes help a class that waits: where no rule looks beyond the node and nobody can be evicted for it,
 * only if one of the nodes takes the pod now.
 */
export function canHelp(
  podClass: PodClass,
  change: ClusterChange,
  changed: ReadonlySet<number>,
  cluster: ClusterState,
): boolean {
  if (mayPreempt(podClass, cluster)) return true;
  if (change === 'podBound' || change === 'budgetGrown') return false;
  if (changed.has(anyNode) || looksBeyondNode(podClass, cluster)) return true;
  const refusalBy = refusals(podClass, cluster);
  return changed.values().some((node) => cluster.nodes.present[node] === 1 && refusalBy(node) === undefined);
}
