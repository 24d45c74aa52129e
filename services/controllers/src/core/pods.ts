import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import type { View } from './action.ts';

/** True for a pod whose containers have all ended for good. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** True for a pod whose end was asked for. */
export function isLeaving({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** True for a pod that counts as a replica: neither ended nor terminating. */
export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && !isLeaving(pod);
}

/** True for a pod that is being deleted and has not ended. */
export function isTerminating(pod: Pod): boolean {
  return !hasEnded(pod) && isLeaving(pod);
}

/** The time at which the pod became ready, in milliseconds since the Unix epoch; undefined if it is not ready. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status !== 'True') return undefined;
  return condition.lastTransitionTime === undefined ? 0 : Date.parse(condition.lastTransitionTime);
}

/**
 * Milliseconds until a pod counts as available (0: it does already), undefined if it is not ready. A pod is available
 * once it has been ready for `minReadySeconds` without a break. The pod's own time counts where it says so, and else the time
 * for which this process has seen it ready: a node whose clock is hours ahead makes nobody wait for hours.
 */
export function availableInMs(
  pod: Pod,
  minReadySeconds: number,
  view: Pick<View, 'readyForMs'>,
  nowMs: number,
): number | undefined {
  // Most workloads ask for no time at all, and have many pods.
  if (minReadySeconds <= 0) return isReady(pod) ? 0 : undefined;
  const sinceMs = readySinceMs(pod);
  if (sinceMs === undefined) return undefined;
  const waitMs = minReadySeconds * 1000;
  return Math.max(0, Math.min(sinceMs + waitMs - nowMs, waitMs - view.readyForMs(pod)));
}
