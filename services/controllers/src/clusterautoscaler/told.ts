import type { SimulateResponse } from '@gantry/client/placement-messages.ts';
import type { ConfigMap, Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action, AnyObject } from '../core/action.ts';
import type { Candidate } from './candidates.ts';
import type { Increase } from './scale-up.ts';

// Events in the words of Kubernetes' Cluster Autoscaler.

function event(about: AnyObject, reason: string, message: string, eventType: 'Normal' | 'Warning' = 'Normal'): Action {
  return { type: 'event', about, eventType, reason, message };
}

function sizesOf({ group, count }: Increase): string {
  const { id, targetSize, maxSize } = group.snapshot;
  return `{${id} ${targetSize}->${targetSize + count} (max: ${maxSize})}`;
}

/** Pods for which groups grow, and the status. */
export function grew(
  increases: readonly Increase[],
  { added = [] }: SimulateResponse,
  pods: ReadonlyMap<string, Pod>,
  status: ConfigMap | undefined,
): Action[] {
  const ids = new Set(increases.map(({ group }) => group.snapshot.id));
  const message = `pod triggered scale-up: [${increases.map(sizesOf).join(' ')}]`;
  const helped = added.filter(({ templateId }) => ids.has(templateId)).flatMap(({ podUids = [] }) => podUids);
  const groups = increases.map(({ group, count }) => {
    const { id, targetSize, maxSize } = group.snapshot;
    return `Scale-up: group ${id} size set to ${targetSize + count} instead of ${targetSize} (max: ${maxSize})`;
  });
  return [
    ...helped.flatMap((uid) => (pods.has(uid) ? [event(pods.get(uid)!, 'TriggeredScaleUp', message)] : [])),
    ...(status === undefined ? [] : groups.map((told) => event(status, 'ScaledUpGroup', told))),
  ];
}

/** A group whose nodes were needed again soon after some were removed. @param patience Multiple of the usual unneeded time. */
export function regretted(status: ConfigMap | undefined, group: string, patience: number): Action[] {
  const message = `Scale-down: nodes of group ${group} were needed again soon; others leave after ${patience} times the unneeded time`;
  return status === undefined ? [] : [event(status, 'ScaleDownRegretted', message)];
}

/** A group whose size could not be raised. */
export function failedToGrow(status: ConfigMap | undefined, { group }: Increase, message: string): Action[] {
  if (status === undefined) return [];
  return [
    event(status, 'FailedToScaleUpGroup', `Scale-up failed for group ${group.snapshot.id}: ${message}`, 'Warning'),
  ];
}

/** A group whose nodes did not come. */
export function timedOut(status: ConfigMap | undefined, message: string): Action[] {
  return status === undefined ? [] : [event(status, 'ScaleUpTimedOut', message, 'Warning')];
}

/** Reasons for which pods get no nodes, told once each: `1 max node group size reached, 2 Insufficient cpu`. */
export class Untold {
  readonly #told = new Map<string, string>();

  tell(
    { unplaced = [] }: SimulateResponse,
    pods: ReadonlyMap<string, Pod>,
    held: ReadonlyMap<string, string>,
  ): Action[] {
    for (const uid of this.#told.keys()) if (!pods.has(uid)) this.#told.delete(uid);
    return unplaced.flatMap(({ ids, refusals = [] }) => {
      const counts = new Map<string, number>();
      for (const { templateId = '', reason } of refusals) {
        const told = held.get(templateId) ?? reason;
        counts.set(told, (counts.get(told) ?? 0) + 1);
      }
      const reasons = [...counts]
        .map(([reason, count]) => `${count} ${reason}`)
        .sort()
        .join(', ');
      const message = `pod didn't trigger scale-up: ${reasons}`;
      return ids.flatMap((uid) => {
        const pod = pods.get(uid);
        if (pod === undefined || this.#told.get(uid) === message) return [];
        this.#told.set(uid, message);
        return [event(pod, 'NotTriggerScaleUp', message)];
      });
    });
  }
}

/** A node that leaves from now on, with its pods. */
export function leaves({ member: { node }, moving, utilization }: Candidate, status: ConfigMap | undefined): Action[] {
  const { name } = node.metadata;
  const names = moving.map(({ metadata }) => metadata.name).join(',');
  const [reason, message] =
    moving.length === 0
      ? (['ScaleDownEmpty', `Scale-down: removing empty node "${name}"`] as const)
      : ([
          'ScaleDown',
          `Scale-down: removing node ${name}, utilization: ${utilization.toFixed(2)}, pods to reschedule: ${names}`,
        ] as const);
  return [
    event(node, 'ScaleDown', 'marked the node as toBeDeleted/unschedulable'),
    ...moving.map((pod) => event(pod, 'ScaleDown', 'deleting pod for node scale down')),
    ...(status === undefined ? [] : [event(status, reason, message)]),
  ];
}

/** A node that the provider has ended. */
export function removed(node: Node): Action {
  return event(node, 'ScaleDown', 'node removed by cluster autoscaler');
}

/** A node that stays after all. */
export function failedToRemove(node: Node, reason: string): Action {
  return event(node, 'ScaleDownFailed', `failed to drain the node: ${reason}`, 'Warning');
}
