import type { EmptiedOutcome, SimulatedPlacement } from '@gantry/client/placement-messages.ts';
import { amountsOf } from '@gantry/model/amounts.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action } from '../core/action.ts';
import type { Candidate } from './candidates.ts';
import { leftOf } from './churn.ts';
import type { Picture } from './picture.ts';
import type { Regrets } from './regrets.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import type { SinceTimes } from './since.ts';
import { candidateKey, hasTaint, isMarkedLeaving, markedCandidate, unmarkedCandidate } from './taints.ts';

/** Notes which candidates are not needed; returns them in their order. */
export function unneededOf(
  candidates: readonly Candidate[],
  outcomes: readonly EmptiedOutcome[],
  unneeded: SinceTimes,
  nowMs: number,
): Candidate[] {
  const fitting = new Set(outcomes.filter(({ fits }) => fits).map(({ nodeName }) => nodeName));
  const found = candidates.filter(({ member }) => fitting.has(member.node.metadata.name));
  unneeded.keep(
    found.map(({ member }) => member.node.metadata.uid!),
    nowMs,
  );
  return found;
}

/** True for a node without pods, on which none that wait and no headroom were placed. */
export function isIdle({ member, moving }: Candidate, placements: readonly SimulatedPlacement[]): boolean {
  return moving.length === 0 && !placements.some(({ nodeName }) => nodeName === member.node.metadata.name);
}

/** Those that have been unneeded for long enough: the longer, the more often nodes of their group were soon needed again. */
export function ripeOf(
  found: readonly Candidate[],
  unneeded: SinceTimes,
  regrets: Regrets,
  nowMs: number,
): Candidate[] {
  return found.filter(({ group: { snapshot }, member }) => {
    const { scaleDownUnneededMs } = snapshot.options;
    const waitMs = scaleDownUnneededMs * regrets.patience(snapshot.id, scaleDownUnneededMs, nowMs);
    return (unneeded.ageMs(member.node.metadata.uid!, nowMs) ?? 0) >= waitMs;
  });
}

/** The nodes that leave now: as many of those that may as budgets and bounds allow. */
export function nodesToRemove(
  ripe: readonly Candidate[],
  picture: Picture,
  settings: ClusterAutoscalerSettings,
  removedAtMs: readonly number[],
  nowMs: number,
): Candidate[] {
  const leaving = picture.groups.flatMap(({ nodes }) => nodes.filter(({ isLeaving }) => isLeaving));
  let budget = Math.min(
    settings.maxScaleDownParallelism - leaving.length,
    leftOf(settings.scaleDownBudget, picture.nodes.length, removedAtMs, nowMs),
  );
  let drains = settings.maxDrainParallelism - leaving.length;
  const spare = new Map(
    picture.groups.map(({ snapshot, standing, nodes }) => {
      return [snapshot.id, standing - snapshot.minSize - nodes.filter(({ isLeaving }) => isLeaving).length];
    }),
  );
  const floor = new Floor(picture, settings);
  return ripe.filter(({ group, member, moving }) => {
    const { id } = group.snapshot;
    if (budget <= 0 || spare.get(id)! <= 0) return false;
    if (moving.length > 0 && drains <= 0) return false;
    if (!floor.allows(member.node.status?.allocatable)) return false;
    budget--;
    if (moving.length > 0) drains--;
    spare.set(id, spare.get(id)! - 1);
    return true;
  });
}

/** Nodes that have not been ready for so long that they leave, whatever they ran. */
export function silentToRemove(
  { groups }: Picture,
  { maxScaleDownParallelism }: ClusterAutoscalerSettings,
  silent: SinceTimes,
  nowMs: number,
): Node[] {
  const members = groups.flatMap(({ nodes }) => nodes);
  silent.keep(
    members.filter(({ isSilent }) => isSilent).map(({ node }) => node.metadata.uid!),
    nowMs,
  );
  const room = maxScaleDownParallelism - members.filter(({ isLeaving }) => isLeaving).length;
  const found = groups.flatMap(({ snapshot, nodes, standing }) => {
    const leaving = nodes.filter(({ isLeaving }) => isLeaving).length;
    const { minSize, options } = snapshot;
    const late = nodes.filter(
      ({ node }) => (silent.ageMs(node.metadata.uid!, nowMs) ?? -1) >= options.scaleDownUnreadyMs,
    );
    return late.slice(0, Math.max(0, standing - leaving - minSize)).map(({ node }) => node);
  });
  return found.slice(0, Math.max(0, room));
}

/** Cores and memory that the cluster has beyond its least. */
class Floor {
  #cpuMilli: number;
  #memoryBytes: number;

  constructor({ nodes }: Picture, { cores, memory }: ClusterAutoscalerSettings) {
    const amounts = nodes.filter((node) => !isMarkedLeaving(node)).map(({ status }) => amountsOf(status?.allocatable));
    const sum = (resource: string): number => amounts.reduce((total, each) => total + (each.get(resource) ?? 0), 0);
    this.#cpuMilli = sum('cpu') - cores.min * 1_000;
    this.#memoryBytes = sum('memory') - memory.min;
  }

  /** True where a node may go; it counts as gone then. */
  allows(allocatable: Readonly<Record<string, string>> | undefined): boolean {
    const amounts = amountsOf(allocatable);
    const [cpu, memory] = [amounts.get('cpu') ?? 0, amounts.get('memory') ?? 0];
    if (cpu > this.#cpuMilli || memory > this.#memoryBytes) return false;
    this.#cpuMilli -= cpu;
    this.#memoryBytes -= memory;
    return true;
  }
}

/** Soft taints of nodes that are not needed, and of those that are again: pods go elsewhere where they can. */
export function softTaints(
  found: readonly Candidate[],
  removed: readonly Node[],
  picture: Picture,
  { maxBulkSoftTaintCount }: ClusterAutoscalerSettings,
  wallMs: number,
): Action[] {
  const going = new Set(removed);
  const unneeded = new Set(found.map(({ member }) => member.node));
  const members = picture.groups.flatMap(({ nodes }) =>
    nodes.filter(({ isLeaving }) => !isLeaving).map(({ node }) => node),
  );
  const changed = members.flatMap((node) => {
    const isTainted = hasTaint(node, candidateKey);
    if (going.has(node) || isTainted === unneeded.has(node)) return [];
    return [isTainted ? unmarkedCandidate(node) : markedCandidate(node, wallMs)];
  });
  return changed.slice(0, maxBulkSoftTaintCount).map((object): Action => ({ type: 'update', object }));
}
