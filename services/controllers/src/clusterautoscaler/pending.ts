import { parseFlagDurationMs } from '@gantry/model/duration.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { hasEnded, isLeaving } from '../core/pods.ts';
import { targetNodeOf } from '../daemonset/template.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';

/** Annotation of a pod with a longer wait of its own, such as 30s. */
const delayAnnotation = 'cluster-autoscaler.kubernetes.io/pod-scale-up-delay';

/** Pods for which the scheduler finds no node, and that may have new ones. */
export function pendingPods(view: View, settings: ClusterAutoscalerSettings, nowMs: number): Pod[] {
  return [...view.list('Pod')].filter((pod) => isUnschedulable(pod) && mayHaveNode(pod, settings, nowMs));
}

/** True for a pod of which the scheduler says that no node takes it. */
export function isUnschedulable(pod: Pod): boolean {
  if (pod.spec.nodeName || isLeaving(pod) || hasEnded(pod)) return false;
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' && condition.reason === 'Unschedulable';
}

function mayHaveNode(pod: Pod, settings: ClusterAutoscalerSettings, nowMs: number): boolean {
  if ((pod.spec.priority ?? 0) < settings.expendablePodsPriorityCutoff) return false;
  // Room is being made for it by evicting others.
  if (pod.status?.nominatedNodeName) return false;
  // Its node is there, and it fits there or nowhere.
  if (controllerOf(pod)?.kind === 'DaemonSet' || targetNodeOf(pod) !== undefined) return false;
  const delayMs = Math.max(settings.newPodScaleUpDelayMs, durationMs(pod.metadata.annotations?.[delayAnnotation]) ?? 0);
  return nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') >= delayMs || delayMs === 0;
}

/** A duration as Go writes it, such as 1m30s or 0; undefined where the text is none. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text === '0' ? 0 : parseFlagDurationMs(text);
}
