import { amountsOf, podRequests } from '@gantry/model/amounts.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { hasEnded } from '../core/pods.ts';
import { drainOf } from './drainable.ts';
import type { Group, GroupNode, Picture } from './picture.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';
import type { SinceTimes } from './since.ts';
import { scaleDownDisabled } from './taints.ts';

/** A node that may not be needed. */
export interface Candidate {
  readonly group: Group;
  readonly member: GroupNode;
  /** Pods that would move; none where it is empty. */
  readonly moving: readonly Pod[];
  /** Share of its cpu or memory that is requested, the larger; of its devices, where it has some. */
  readonly utilization: number;
}

/** Nodes that may go by all rules that need no simulation: the empty ones first, then those that have been unneeded longest, then the emptiest. */
export function candidatesIn(
  picture: Picture,
  view: View,
  settings: ClusterAutoscalerSettings,
  unneeded: SinceTimes,
  unremovable: SinceTimes,
  nowMs: number,
): Candidate[] {
  const budgets = [...view.list('PodDisruptionBudget')];
  const found: Candidate[] = [];
  for (const group of picture.groups) {
    const leaving = group.nodes.filter(({ isLeaving }) => isLeaving).length;
    if (group.standing - leaving <= group.snapshot.minSize) continue;
    for (const member of group.nodes) {
      const { node, isUsable } = member;
      if (!isUsable || node.metadata.annotations?.[scaleDownDisabled] === 'true') continue;
      const recheckMs = unremovable.ageMs(node.metadata.uid!, nowMs);
      if (recheckMs !== undefined && recheckMs < settings.unremovableNodeRecheckMs) continue;
      const pods = [...view.podsOn(node.metadata.name)];
      const utilization = utilizationOf(member, pods, group, settings);
      if (utilization.share >= utilization.threshold) continue;
      const drain = drainOf(pods, budgets, settings);
      if (drain.type === 'blocked') continue;
      found.push({ group, member, moving: drain.pods, utilization: utilization.share });
    }
  }
  const ageOf = ({ member }: Candidate): number => unneeded.ageMs(member.node.metadata.uid!, nowMs) ?? -1;
  found.sort(
    (a, b) =>
      Math.min(1, a.moving.length) - Math.min(1, b.moving.length) ||
      ageOf(b) - ageOf(a) ||
      a.utilization - b.utilization,
  );
  const empty = found.filter(({ moving }) => moving.length === 0);
  return [...empty, ...found.slice(empty.length, empty.length + settings.scaleDownNonEmptyCandidates)];
}

/** True for names of devices of nodes. */
function isDevice(resource: string): boolean {
  return resource.endsWith('/gpu') || resource.includes('/gpu-');
}

function utilizationOf(
  { node }: GroupNode,
  pods: readonly Pod[],
  { snapshot: { options } }: Group,
  { ignoreMirrorPodsUtilization }: ClusterAutoscalerSettings,
): { readonly share: number; readonly threshold: number } {
  const allocatable = amountsOf(node.status?.allocatable ?? node.status?.capacity);
  const requested = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod)?.kind;
    if (hasEnded(pod)) continue;
    if (
      (owner === 'DaemonSet' && options.ignoreDaemonSetsUtilization) ||
      (owner === 'Node' && ignoreMirrorPodsUtilization)
    )
      continue;
    for (const [resource, amount] of podRequests(pod.spec))
      requested.set(resource, (requested.get(resource) ?? 0) + amount);
  }
  const shareOf = (resource: string): number => {
    const total = allocatable.get(resource) ?? 0;
    return total > 0 ? (requested.get(resource) ?? 0) / total : 0;
  };
  const devices = [...allocatable.keys()].filter((resource) => isDevice(resource) && allocatable.get(resource)! > 0);
  if (devices.length > 0) {
    return { share: Math.max(...devices.map(shareOf)), threshold: options.scaleDownGpuUtilizationThreshold };
  }
  return { share: Math.max(shareOf('cpu'), shareOf('memory')), threshold: options.scaleDownUtilizationThreshold };
}
