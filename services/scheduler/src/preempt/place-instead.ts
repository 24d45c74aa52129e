import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';

/** Gives a pod a node that others are to leave: where it needs GPU devices, those that will be free then. */
export function placeInstead(pod: PodRecord, node: number, others: readonly PodRecord[], cluster: ClusterState): void {
  if (pod.class.requirement.gpu === undefined) {
    cluster.place(pod, node);
    return;
  }
  for (const other of others) cluster.displace(other);
  cluster.place(pod, node, []);
  for (const other of others) cluster.place(other, node);
}
