import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { readySinceMs } from '../core/pods.ts';

/** Pods with the lowest of this annotation's values go first. */
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The pods to delete when there are `count` too many, in Kubernetes' order: first those that serve least (no node, pending,
 * not ready), then the cheapest by annotation, then those that share a node with most replicas, then those that are
 * ready for the shortest time, that restarted most, and the youngest.
 */
export function chooseVictims(pods: readonly Pod[], count: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of pods) {
    const node = pod.spec.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => ({ pod, rank: rankOf(pod, perNode) }));
  ranked.sort((a, b) => compareRanks(a.rank, b.rank) || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  return ranked.slice(0, count).map(({ pod }) => pod);
}

/** Numbers compared one after another; the lowest goes first. */
function rankOf(pod: Pod, perNode: ReadonlyMap<string, number>): number[] {
  const readyMs = readySinceMs(pod);
  const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount ?? 0));
  return [
    pod.spec.nodeName ? 1 : 0,
    phaseRank[pod.status?.phase ?? 'Pending'] ?? 1,
    readyMs === undefined ? 0 : 1,
    Number(pod.metadata.annotations?.[deletionCostAnnotation] ?? 0) || 0,
    -(perNode.get(pod.spec.nodeName ?? '') ?? 0),
    -(readyMs ?? 0),
    -restarts,
    -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}
