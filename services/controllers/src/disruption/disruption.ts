import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { isActive } from '../core/pods.ts';
import { healthTarget } from './target.ts';

/**
 * Milliseconds for which a granted eviction counts; a pod that is still there then is not going to go. A grant from further
 * ahead than that was written by a clock that has been set back since.
 */
const grantMs = 2 * 60_000;

/** Keeps the status of disruption budgets: how many pods may be evicted now. */
export const disruptionController: Controller = {
  name: 'disruption-controller',
  watches: ['PodDisruptionBudget', 'Pod', 'ReplicaSet', 'Deployment'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'PodDisruptionBudget') return [keyOf(object)];
    const budgets = [...view.list('PodDisruptionBudget', object.metadata.namespace)];
    // The expected count comes from the controller (ReplicaSet, Deployment); membership comes from the pods' labels.
    const concerned = object.kind === 'Pod' ? budgets.filter((budget) => covers(budget, object as Pod)) : budgets;
    return concerned.map(keyOf);
  },

  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const budget = view.get('PodDisruptionBudget', namespace, name);
    if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return [];
    const pods = [...view.list('Pod', namespace)].filter((pod) => covers(budget, pod) && isActive(pod));
    const grants = openGrants(budget, pods, nowMs);
    const status = statusOf(budget, pods, grants, view, nowMs);
    const stale = [...grants.values()].map((grantedMs) => grantedMs + grantMs - nowMs);
    return [
      ...(isDeepStrictEqual(status, budget.status ?? {})
        ? []
        : [{ type: 'updateStatus', object: { ...budget, status } } as const]),
      ...(stale.length === 0 ? [] : [{ type: 'requeue', afterMs: Math.max(1, Math.min(...stale)) } as const]),
    ];
  },
};

function covers({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return matchesLabels(spec?.selector, pod.metadata.labels);
}

/** Evictions that were granted and of which nothing was seen yet: when, by the pod's name. */
function openGrants({ status }: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): Map<string, number> {
  const there = new Set(pods.map(({ metadata }) => metadata.name));
  const grants = Object.entries(status?.disruptedPods ?? {}).map(([name, time]) => [name, Date.parse(time)] as const);
  return new Map(grants.filter(([name, grantedMs]) => there.has(name) && Math.abs(nowMs - grantedMs) < grantMs));
}

function statusOf(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  grants: ReadonlyMap<string, number>,
  view: View,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const { expectedPods, desiredHealthy } = healthTarget(budget.spec ?? {}, pods, view);
  const currentHealthy = pods.filter((pod) => isReady(pod) && !grants.has(pod.metadata.name)).length;
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { disruptedPods = {} } = budget.status ?? {};
  const kept = Object.entries(disruptedPods).filter(([name]) => grants.has(name));
  const observedGeneration = Number(budget.metadata.generation ?? 0);
  return {
    observedGeneration,
    ...(kept.length === 0 ? {} : { disruptedPods: Object.fromEntries(kept) }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: conditionsOf(budget, disruptionsAllowed > 0, observedGeneration, nowMs),
  };
}

function conditionsOf(
  { status }: PodDisruptionBudget,
  isAllowed: boolean,
  observedGeneration: number,
  nowMs: number,
): Condition[] {
  const type = 'DisruptionAllowed';
  const value = isAllowed ? 'True' : 'False';
  const before = status?.conditions?.find((condition) => condition.type === type);
  const others = status?.conditions?.filter((condition) => condition.type !== type) ?? [];
  const lastTransitionTime = before?.status === value ? before.lastTransitionTime : rfc3339(nowMs);
  const reason = isAllowed ? 'SufficientPods' : 'InsufficientPods';
  return [...others, { type, status: value, observedGeneration, lastTransitionTime, reason, message: '' }];
}
