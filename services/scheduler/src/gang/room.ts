import type { Budgets } from '../preempt/budgets.ts';
import type { Candidate } from '../preempt/candidate.ts';
import { placeInstead } from '../preempt/place-instead.ts';
import { mayPreempt, PreemptionPlan } from '../preempt/preemption.ts';
import type { QueuedPod } from '../queue/scheduling-queue.ts';
import { batchesOf } from '../solve/batches.ts';
import type { ClusterState } from '../state/cluster.ts';

/** A pod and the node that it can have once others have left it. */
export interface EvictionStep {
  readonly entry: QueuedPod;
  readonly candidate: Candidate;
}

/** Room for a gang: nodes where members fit as it is, and nodes where they fit once others are gone. */
export interface GangRoom {
  readonly free: readonly { readonly entry: QueuedPod; readonly node: number }[];
  readonly steps: readonly EvictionStep[];
}

/**
 * Nodes for as many members as are lacking, by evicting pods of lower priority; undefined where that is not possible for so
 * many. `placed` have their nodes in the cluster's state. The state is the same afterwards.
 */
export function roomByEvicting(
  placed: readonly QueuedPod[],
  others: readonly QueuedPod[],
  lacks: number,
  { cluster, budgets }: { readonly cluster: ClusterState; readonly budgets: Budgets },
): GangRoom | undefined {
  const account = budgets.account();
  const wanted = lacks - placed.length;
  const steps: EvictionStep[] = [];
  for (const batch of batchesOf(others)) {
    const podClass = batch[0]!.pod.class;
    if (!mayPreempt(podClass, cluster)) continue;
    const plan = new PreemptionPlan(podClass, cluster, account);
    for (const entry of batch) {
      const candidate = steps.length < wanted ? plan.next() : undefined;
      if (candidate === undefined) break;
      pretend(entry, candidate, cluster);
      steps.push({ entry, candidate });
      plan.taken(candidate.node);
    }
  }
  for (const step of steps.toReversed()) takeBack(step, cluster);
  if (steps.length < wanted) return undefined;
  return { free: placed.map((entry) => ({ entry, node: entry.pod.node })), steps };
}

/** Looks as if the candidate had been carried out, to those that are judged next. */
function pretend({ pod }: QueuedPod, candidate: Candidate, cluster: ClusterState): void {
  const { node, victims, mates, nominated, leaving } = candidate;
  for (const other of nominated) cluster.displace(other);
  for (const victim of [...victims, ...mates]) victim.evicting = true;
  placeInstead(pod, node, [...victims, ...leaving], cluster);
}

function takeBack(
  { entry: { pod }, candidate: { node, victims, mates, nominated } }: EvictionStep,
  cluster: ClusterState,
): void {
  cluster.displace(pod);
  for (const victim of [...victims, ...mates]) victim.evicting = false;
  for (const other of nominated) cluster.place(other, node);
}
