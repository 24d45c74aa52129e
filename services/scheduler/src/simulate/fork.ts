import { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';

/** A copy of the cluster, to try things on. */
export interface Fork {
  readonly cluster: ClusterState;
  /** Pods on nodes, by uid. */
  readonly pods: ReadonlyMap<string, PodRecord>;
}

/** Slots beside those of the nodes that there are, so that arrays need not grow at once. */
const spareSlots = 64;

/** Copies nodes, pods that have one, and volumes; what is tried on the copy changes nothing of the original. */
export function forkCluster(original: ClusterState, absent: ReadonlySet<string> = new Set()): Fork {
  const { nodes } = original;
  const cluster = new ClusterState(nodes.end + spareSlots);
  for (const [name, labels] of original.namespaces) cluster.setNamespace(name, labels);
  for (const [key, claim] of original.volumes.claims) cluster.volumes.claims.set(key, claim);
  for (const [name, volume] of original.volumes.volumes) cluster.volumes.volumes.set(name, volume);
  for (const [name, storageClass] of original.volumes.classes) cluster.volumes.classes.set(name, storageClass);
  for (const node of nodes.indexes()) {
    if (!absent.has(nodes.names[node]!)) cluster.setNode(nodes.info(node)!);
  }
  const pods = new Map<string, PodRecord>();
  for (let node = 0; node < nodes.end; node++) {
    const name = nodes.names[node];
    if (name === undefined || absent.has(name) || nodes.indexOf(name) !== node) continue;
    for (const pod of original.podsOn(node)) pods.set(pod.uid, copyOf(pod, cluster.slotOf(name), cluster));
    if (original.emptying.has(node)) cluster.setEmptying(cluster.slotOf(name), true);
  }
  return { cluster, pods };
}

function copyOf(pod: PodRecord, node: number, cluster: ClusterState): PodRecord {
  const copy = cluster.admit({ ...pod, requirement: pod.class.requirement });
  copy.evicting = pod.evicting;
  copy.state = pod.state;
  cluster.place(copy, node, pod.devices);
  return copy;
}
