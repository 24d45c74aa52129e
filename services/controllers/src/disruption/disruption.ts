import { isDeepStrictEqual } from 'node:util';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '@gantry/model/gen/gantry.policy.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type ObjectRef,
  type ScaleReading,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { isActive } from '../core/pods.ts';
import { Grants } from './grants.ts';
import { Scales } from './scales.ts';
import { type HealthTarget, healthTarget } from './target.ts';

/** Milliseconds until scales that no informer shows are read again, and a status that could not be told is tried again. */
const recheckMs = 30_000;

/** Keeps the status of disruption budgets: how many pods may be evicted now. */
export function disruptionController(clock: Pick<Clock, 'monotonic'>): Controller {
  const scales = new Scales(clock);
  const grants = new Grants(clock);
  return {
    name: 'disruption-controller',
    watches: ['PodDisruptionBudget', 'Pod', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'Deployment'],
    keysFor,
    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const budget = view.get('PodDisruptionBudget', namespace, name);
      if (budget === undefined) return [];
      // A pod whose eviction was granted before it was seen would be taken for one that is gone, and for a healthy one later.
      if (budget.status?.disruptedPods !== undefined && !sees(view, 'Pod', budget)) return [waitForView];
      const pods = [...view.list('Pod', namespace)].filter((pod) => covers(budget, pod));
      const target = healthTarget(budget.spec ?? {}, pods, view, scales);
      switch (target.type) {
        case 'late':
          return [waitForView];
        case 'unread':
          return [...target.owners.map((ref): Action => ({ type: 'readScale', ref })), { type: 'requeue', afterMs: 1 }];
        case 'failed':
          return [...fail(budget, target.message, nowMs), { type: 'requeue', afterMs: recheckMs }];
        case 'known':
          return [
            ...keep(budget, pods, target, grants, view, nowMs),
            ...(hasReadOwners(pods, scales) ? [recheck] : []),
          ];
      }
    },
    scaleRead: (_key: string, { uid }: ObjectRef, reading: ScaleReading) => scales.note(uid!, reading),
  };
}

const recheck: Action = { type: 'requeue', afterMs: recheckMs };

function keysFor(object: AnyObject, view: View): readonly string[] {
  if (object.kind === 'PodDisruptionBudget') return [keyOf(object)];
  const budgets = [...view.list('PodDisruptionBudget', object.metadata.namespace)];
  if (object.kind === 'Pod') return budgets.filter((budget) => covers(budget, object)).map(keyOf);
  // Workloads say how many pods there should be, where that matters.
  return budgets
    .filter(({ spec }) => spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string')
    .map(keyOf);
}

function covers({ spec }: PodDisruptionBudget, pod: Pod): boolean {
  return matchesLabels(spec?.selector, pod.metadata.labels);
}

function hasReadOwners(pods: readonly Pod[], scales: Scales): boolean {
  return pods.some(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => scales.of(uid) !== undefined));
}

/** Writes the status where it is another one, tells users what is odd about it, and comes again when a grant is over. */
function keep(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  target: HealthTarget,
  grants: Grants,
  view: View,
  nowMs: number,
): Action[] {
  const { granted, overdue, recheckMs: waitMs } = grants.of(budget, pods, nowMs);
  const status = statusOf(budget, pods, granted, target, nowMs);
  const again: Action[] = waitMs === undefined ? [] : [{ type: 'requeue', afterMs: waitMs }];
  if (isDeepStrictEqual(status, budget.status ?? {})) return again;
  return [
    { type: 'updateStatus', object: { ...budget, status } },
    ...oddities(budget, pods, target, view),
    ...overdue.map((pod) => notDeleted(pod, budget)),
    ...again,
  ];
}

function oddities(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  { unmanaged }: HealthTarget,
  view: View,
): Action[] {
  const { namespace } = budget.metadata;
  const others = [...view.list('PodDisruptionBudget', namespace)].filter((other) => keyOf(other) !== keyOf(budget));
  const shared = others.length === 0 ? undefined : pods.find((pod) => others.some((other) => covers(other, pod)));
  const event = (about: AnyObject, eventType: 'Normal' | 'Warning', reason: string, message: string): Action => {
    return { type: 'event', about, eventType, reason, message };
  };
  return [
    ...(pods.length === 0 ? [event(budget, 'Normal', 'NoPods', 'No matching pods found')] : []),
    ...(unmanaged.length === 0
      ? []
      : [
          event(
            budget,
            'Warning',
            'UnmanagedPods',
            `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget.spec?.selector ?? {})}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`,
          ),
        ]),
    ...(shared === undefined
      ? []
      : [
          event(
            shared,
            'Warning',
            'MultiplePodDisruptionBudgets',
            `Pod "${namespace}"/"${shared.metadata.name}" matches multiple PodDisruptionBudgets, so that it cannot be evicted.`,
          ),
        ]),
  ];
}

function notDeleted(pod: Pod, { metadata }: PodDisruptionBudget): Action {
  const message = `Pod was expected by PDB ${metadata.namespace}/${metadata.name} to be deleted but it wasn't`;
  return { type: 'event', about: pod, eventType: 'Warning', reason: 'NotDeleted', message };
}

function statusOf(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  granted: ReadonlySet<string>,
  { expectedPods, desiredHealthy }: HealthTarget,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const currentHealthy = pods.filter(isActive).filter((pod) => isReady(pod) && !granted.has(pod.metadata.name)).length;
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { disruptedPods = {} } = budget.status ?? {};
  const kept = Object.entries(disruptedPods).filter(([name]) => granted.has(name));
  const observedGeneration = Number(budget.metadata.generation ?? 0);
  const isAllowed = disruptionsAllowed > 0;
  const condition = {
    status: isAllowed ? 'True' : 'False',
    observedGeneration,
    reason: isAllowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
  return {
    observedGeneration,
    ...(kept.length === 0 ? {} : { disruptedPods: Object.fromEntries(kept) }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(budget, condition, nowMs),
  };
}

/** A budget whose numbers nobody can tell allows nothing, and says why. */
function fail(budget: PodDisruptionBudget, message: string, nowMs: number): Action[] {
  const { observedGeneration } = budget.status ?? {};
  const observed = observedGeneration ? { observedGeneration } : {};
  const condition = { status: 'False', ...observed, reason: 'SyncFailed', message };
  const status = { ...budget.status, disruptionsAllowed: 0, conditions: withCondition(budget, condition, nowMs) };
  if (isDeepStrictEqual(status, budget.status)) return [];
  return [
    { type: 'updateStatus', object: { ...budget, status } },
    {
      type: 'event',
      about: budget,
      eventType: 'Warning',
      reason: 'CalculateExpectedPodCountFailed',
      message: `Failed to calculate the number of expected pods: ${message}`,
    },
  ];
}

/** The budget's conditions with DisruptionAllowed as given; its time changes when its status does. */
function withCondition(
  { status }: PodDisruptionBudget,
  given: Pick<Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>,
  nowMs: number,
): Condition[] {
  const type = 'DisruptionAllowed';
  const conditions = status?.conditions ?? [];
  const before = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = before?.status === given.status ? before.lastTransitionTime : rfc3339(nowMs);
  const next: Condition = { type, ...given, lastTransitionTime };
  return before === undefined ? [...conditions, next] : conditions.map((each) => (each === before ? next : each));
}
