import { isDeepStrictEqual } from 'node:util';
import type { StatefulSet, StatefulSetCondition, StatefulSetStatus } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action, View } from '../core/action.ts';
import { isLeaving } from '../core/pods.ts';
import type { ClaimsGrowth } from './growth.ts';
import { revisionOf } from './identity.ts';
import { isRunningAndReady, waitOf } from './scene.ts';

/** Type of the condition that says whether the claims are as large as their templates ask for. */
const claimsExpanded = 'ClaimsExpanded';

/** Everything that a status is made from. */
export interface Observed {
  readonly set: StatefulSet;
  readonly view: View;
  readonly nowMs: number;
  readonly pods: readonly Pod[];
  /** Name of the revision of pods that are not updated yet; empty where there is none. */
  readonly current: string;
  /** Name of the revision of the present template; empty where there is none. */
  readonly update: string;
  /** Undefined where nothing is to be said of claims. */
  readonly growth: ClaimsGrowth | undefined;
}

/** Writes the status if it changed, and comes back when the next pod becomes available. */
export function statusActions(observed: Observed): Action[] {
  const { set, pods } = observed;
  const status = statusOf(observed);
  const waits = pods.map((pod) => waitOf(pod, observed)).filter((wait): wait is number => (wait ?? 0) > 0);
  return [
    ...(isSame(set.status ?? {}, status) ? [] : [{ type: 'updateStatus', object: { ...set, status } } as const]),
    ...(waits.length === 0 ? [] : [{ type: 'requeue', afterMs: Math.min(...waits) } as const]),
  ];
}

/** The status that follows from the pods. Pods on their way out are of no revision, but may be ready. */
export function statusOf(observed: Observed): StatefulSetStatus {
  const { set, pods, current, update } = observed;
  const ready = pods.filter(isRunningAndReady);
  const staying = pods.filter((pod) => !isLeaving(pod));
  const replicas = set.spec.replicas ?? 1;
  const updatedReplicas = staying.filter((pod) => revisionOf(pod) === update).length;
  const isComplete = [updatedReplicas, ready.length, pods.length].every((count) => count === replicas);
  return {
    ...set.status,
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => waitOf(pod, observed) === 0).length,
    updatedReplicas,
    updateRevision: update,
    currentReplicas: isComplete ? updatedReplicas : staying.filter((pod) => revisionOf(pod) === current).length,
    currentRevision: isComplete ? update : current,
    collisionCount: set.status?.collisionCount ?? 0,
    ...conditionsAfter(observed),
  };
}

function conditionsAfter({ set, growth, nowMs }: Observed): { readonly conditions?: StatefulSetCondition[] } {
  const { conditions = [] } = set.status ?? {};
  const before = conditions.find(({ type }) => type === claimsExpanded);
  if (growth === undefined || (growth.reason === 'AllExpanded' && before === undefined)) return {};
  const { reason, message } = growth;
  const status = reason === 'AllExpanded' ? 'True' : 'False';
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime! : rfc3339(nowMs);
  const next = { type: claimsExpanded, status, reason, message, lastTransitionTime };
  return { conditions: [...conditions.filter((condition) => condition !== before), next] };
}

/** Zeros and empty texts mean the same as what is absent. */
function isSame(a: StatefulSetStatus, b: StatefulSetStatus): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof StatefulSetStatus)[];
  return names.every((name) => isDeepStrictEqual(a[name] || undefined, b[name] || undefined));
}
