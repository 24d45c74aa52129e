import type { ClusterState } from './cluster.ts';
import type { PodRecord } from './pod-class.ts';

/** Does something as if a pod were not on its node; nothing is different afterwards. */
export function withoutPod<T>(cluster: ClusterState, pod: PodRecord, act: () => T): T {
  const { node } = pod;
  // The slot of a node that is gone belongs to its last pod: that one must not leave it.
  if (node < 0 || cluster.nodes.present[node] === 0) return act();
  cluster.displace(pod);
  try {
    return act();
  } finally {
    cluster.place(pod, node);
  }
}
