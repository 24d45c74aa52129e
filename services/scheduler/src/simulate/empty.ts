import type { EmptiedNode, EmptiedOutcome } from '@gantry/client/placement-messages.ts';
import { podLabel } from '../explain/pod-label.ts';
import type { Profile } from '../profiles.ts';
import type { Solver } from '../solve/solver.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';

/** Surroundings of nodes that are emptied. */
export interface EmptyParts {
  readonly cluster: ClusterState;
  readonly solver: Solver;
  readonly profile: Profile;
  /** Pods on nodes, by uid. */
  readonly pods: ReadonlyMap<string, PodRecord>;
  /** Pods that were placed in this simulation: whoever takes their node away finds them another. */
  readonly placed: ReadonlySet<PodRecord>;
}

/**
 * Empties nodes one after another, each if its pods find other nodes as the scheduler would choose them; the next one sees
 * them there. Nodes that are to be emptied take pods only where no others do, and those that took some stay.
 */
export function* emptyNodes(candidates: readonly EmptiedNode[], parts: EmptyParts): Generator<void, EmptiedOutcome[]> {
  const { cluster } = parts;
  const indexes = candidates.map(({ nodeName }) => {
    const index = cluster.nodes.indexOf(nodeName);
    return index !== undefined && cluster.nodes.info(index) !== undefined ? index : undefined;
  });
  const open = new Set(indexes.filter((index) => index !== undefined && !cluster.emptying.has(index)) as number[]);
  for (const index of open) cluster.setEmptying(index, true);
  const takers = new Set<number>();
  const outcomes: EmptiedOutcome[] = [];
  for (const [at, candidate] of candidates.entries()) {
    const index = indexes[at];
    const { nodeName } = candidate;
    const problem = index === undefined ? 'node not found' : emptyOne(index, candidate, open, takers, parts);
    outcomes.push(problem === undefined ? { nodeName, fits: true } : { nodeName, fits: false, problem });
    yield;
  }
  return outcomes;
}

/** Moves the pods of a node away, or none; returns why it cannot be emptied. */
function emptyOne(
  index: number,
  { podUids = [] }: EmptiedNode,
  open: Set<number>,
  takers: Set<number>,
  parts: EmptyParts,
): string | undefined {
  const { cluster, pods, placed } = parts;
  if (takers.has(index)) return 'it takes pods of other nodes';
  const named = podUids.flatMap((uid) => pods.get(uid) ?? []).filter(({ node }) => node === index);
  const moving = [...new Set([...named, ...[...cluster.podsOn(index)].filter((pod) => placed.has(pod))])];
  const devices = new Map(moving.map((pod) => [pod, pod.devices]));
  const putBack = (): void => {
    for (const pod of moving) {
      if (pod.node >= 0) cluster.displace(pod);
      cluster.place(pod, index, devices.get(pod)!);
    }
  };
  const homeless = solveElsewhere(moving, parts) ?? undefined;
  if (homeless !== undefined) {
    // Others that are to be emptied may stay instead.
    for (const other of open) if (other !== index) cluster.setEmptying(other, false);
    const stillHomeless = solveElsewhere(moving, parts);
    for (const other of open) if (other !== index) cluster.setEmptying(other, true);
    if (stillHomeless !== undefined) {
      putBack();
      open.delete(index);
      cluster.setEmptying(index, false);
      return `pod ${podLabel(stillHomeless)} fits on no other node`;
    }
  }
  open.delete(index);
  for (const { node } of moving) {
    takers.add(node);
    if (open.delete(node)) cluster.setEmptying(node, false);
  }
  return undefined;
}

/** Takes pods off their node, or leaves those that have none, and gives each another; returns one for which there is none. */
function solveElsewhere(moving: readonly PodRecord[], { cluster, solver, profile }: EmptyParts): PodRecord | undefined {
  for (const pod of moving) if (pod.node >= 0) cluster.displace(pod);
  const classes = [...Map.groupBy(moving, (pod) => pod.class)].sort(
    ([a], [b]) => b.requirement.scoring.cpuMilli - a.requirement.scoring.cpuMilli,
  );
  for (const [podClass, pods] of classes) {
    const placed = solver.solve(podClass, pods, profile);
    if (placed < pods.length) return pods[placed];
  }
  return undefined;
}
