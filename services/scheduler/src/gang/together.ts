import { packBatch } from '../pack/pack-batch.ts';
import type { PackItem, PackNode } from '../pack/problem.ts';
import type { Profile } from '../profiles.ts';
import type { QueuedPod } from '../queue/scheduling-queue.ts';
import { looksBeyondNode, refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Steps of the search for fewer nodes, where a profile fills nodes up. */
const searchSteps = 1_000;
/** The same cluster gives the same packing. */
const seed = 1;

/** True where pods ask for nothing but room on nodes that are open to them: what they take of each other is amounts alone. */
export function canPackTogether(entries: readonly QueuedPod[], cluster: ClusterState): boolean {
  return classesOf(entries).every((podClass) => {
    const { hostPorts, gpu, claims } = podClass.requirement;
    const isPlain = hostPorts.length + claims.length + podClass.unknownResources.length === 0 && gpu === undefined;
    return isPlain && !looksBeyondNode(podClass, cluster);
  });
}

/** True for profiles that would rather fill a node up than begin another. */
export function fillsNodes({ weights }: Profile): boolean {
  return weights.mostAllocated > weights.leastAllocated;
}

/**
 * Places as many pods as possible, all looked at together: one that is placed early leaves room for those that are harder to
 * place. Of equally many it begins as few empty nodes as it can. @param searches Whether to search for still fewer.
 */
export function placeTogether(entries: readonly QueuedPod[], cluster: ClusterState, searches: boolean): void {
  const classes = classesOf(entries);
  const nodes = [...cluster.nodes.indexes()];
  const dimensions = [...new Set(classes.flatMap(({ dimensions: own }) => [...own]))];
  const items = classes.map((podClass) => itemOf(podClass, entries, nodes, dimensions, cluster));
  const bins = nodes.map((node) => nodeOf(node, dimensions, cluster));
  const plain = packBatch(items, bins, { seed, steps: 0 });
  // Refinement makes sense only if all members have a node.
  const isRefined = searches && plain.unplaced === 0;
  const { nodes: places } = isRefined ? packBatch(items, bins, { seed, steps: searchSteps }) : plain;
  const copies = new Map(classes.map((podClass, index) => [podClass, places[index]!.values()]));
  for (const { pod } of entries) {
    const index = copies.get(pod.class)!.next().value ?? -1;
    if (index >= 0) cluster.place(pod, nodes[index]!, []);
  }
}

function classesOf(entries: readonly QueuedPod[]): PodClass[] {
  return [...new Set(entries.map(({ pod }) => pod.class))];
}

function itemOf(
  podClass: PodClass,
  entries: readonly QueuedPod[],
  nodes: readonly number[],
  dimensions: readonly number[],
  cluster: ClusterState,
): PackItem {
  const refusalBy = refusals(podClass, cluster);
  return {
    amounts: dimensions.map((dimension) => podClass.amounts[podClass.dimensions.indexOf(dimension)] ?? 0),
    count: entries.filter(({ pod }) => pod.class === podClass).length,
    allowed: Uint8Array.from(nodes, (node) => (refusalBy(node) === undefined ? 1 : 0)),
  };
}

function nodeOf(node: number, dimensions: readonly number[], cluster: ClusterState): PackNode {
  const { allocatable, requested } = cluster.nodes;
  return {
    free: dimensions.map((at) => Math.max(0, Math.floor(allocatable[at]![node]! - requested[at]![node]!))),
    isUsed: !cluster.podsOn(node).next().done,
  };
}
