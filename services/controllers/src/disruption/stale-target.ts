import type { Pod, PodCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { isActive } from '../core/pods.ts';

/** Milliseconds after which a pod that was about to be disrupted, and is not being deleted, is not about to be any more. */
const staleMs = 2 * 60_000;
/** Pods whose first sight is remembered. */
const maxPods = 100_000;

/**
 * Takes back the condition DisruptionTarget of pods that nobody deletes: whoever set it did not come to delete the pod, or was refused.
 * The wait counts from the condition's time, and at most from the moment at which this process saw it.
 */
export function staleTargetController(clock: Pick<Clock, 'monotonic'>): Controller {
  const seenMs = new Map<string, number>();
  return {
    name: 'stale-disruption-controller',
    watches: ['Pod'],

    keysFor: (object: AnyObject) => {
      if (targetOf(object as Pod) !== undefined) return [keyOf(object)];
      seenMs.delete(object.metadata.uid!);
      return [];
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const pod = view.get('Pod', namespace, name);
      const condition = pod === undefined ? undefined : targetOf(pod);
      if (pod === undefined || condition === undefined) return [];
      const { uid } = pod.metadata;
      const sinceMs = seenMs.get(uid!) ?? clock.monotonic();
      if (seenMs.size < maxPods) seenMs.set(uid!, sinceMs);
      const byWallMs = Date.parse(condition.lastTransitionTime ?? '') + staleMs - nowMs;
      const waitMs = Math.min(sinceMs + staleMs - clock.monotonic(), Number.isNaN(byWallMs) ? staleMs : byWallMs);
      if (waitMs > 0) return [{ type: 'requeue', afterMs: waitMs }];
      const lastTransitionTime = rfc3339(nowMs);
      const conditions = (pod.status?.conditions ?? []).map(
        (each): PodCondition => (each === condition ? { type: each.type, status: 'False', lastTransitionTime } : each),
      );
      return [{ type: 'updateStatus', object: { ...pod, status: { ...pod.status, conditions } } }];
    },
  };
}

/**
 * The condition that says that a pod is about to be disrupted, unless it is being deleted or has ended. A node's own word stands: it may
 * take any time to end a pod.
 */
function targetOf(pod: Pod): PodCondition | undefined {
  if (!isActive(pod)) return undefined;
  return pod.status?.conditions?.find(
    ({ type, status: value, reason }) =>
      type === 'DisruptionTarget' && value === 'True' && reason !== 'TerminationByKubelet',
  );
}
