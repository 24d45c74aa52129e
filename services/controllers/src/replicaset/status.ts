import type { ReplicaSetStatus } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { labelTest } from '@gantry/model/selectors.ts';
import type { Action, View } from '../core/action.ts';
import { availableInMs, isActive, isTerminating } from '../core/pods.ts';
import { conditionsOf } from './failures.ts';
import type { Replicas } from './replicas.ts';

/**
 * Writes a set's status if it changed, and comes back when a pod has been ready for long enough.
 *
 * @param members pods that the set manages, or is about to adopt.
 * @param failure why its pods could not be made or deleted.
 */
export function statusActions(
  set: Replicas,
  members: readonly Pod[],
  failure: string | undefined,
  view: View,
  nowMs: number,
): Action[] {
  const pods = members.filter(isActive);
  const waits = pods.map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, view, nowMs));
  const counts: Counts = {
    ...countsOf(set, pods),
    availableReplicas: waits.filter((wait) => wait === 0).length,
    // A ReplicationController has no such field.
    ...(set.kind === 'ReplicaSet' ? { terminatingReplicas: members.filter(isTerminating).length } : {}),
  };
  const conditions = conditionsOf(set, pods.length, failure, nowMs);
  const pending = waits.filter((wait): wait is number => wait !== undefined && wait > 0);
  const status = { ...set.status, ...counts, ...(conditions === undefined ? {} : { conditions }) };
  return [
    ...(isSame(set, counts) && conditions === undefined
      ? []
      : [{ type: 'updateStatus', object: { ...set, status } as Replicas } as const]),
    ...(pending.length === 0 ? [] : [{ type: 'requeue', afterMs: Math.min(...pending) } as const]),
  ];
}

type Counts = Omit<ReplicaSetStatus, 'conditions'>;

function countsOf(set: Replicas, pods: readonly Pod[]) {
  const isLabeled = labelTest({ matchLabels: { ...set.spec.template?.metadata?.labels } });
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter((pod) => isLabeled(pod.metadata.labels)).length,
    readyReplicas: pods.filter(isReady).length,
    observedGeneration: set.metadata.generation ?? 0,
  };
}

/** True where a set's status has these counts. An absent count is 0, but for the terminating pods: nobody has counted them. */
function isSame({ status = {} }: Replicas, counts: Counts): boolean {
  const stored: Counts = status;
  return (Object.keys(counts) as (keyof Counts)[]).every(
    (name) => (name === 'terminatingReplicas' ? stored[name] : (stored[name] ?? 0)) === counts[name],
  );
}
