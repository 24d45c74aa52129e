import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Condition } from '@gantry/model/gen/gantry.meta.v1.ts';
import {
  asleepCondition,
  hasZeroAnnotations,
  heldCondition,
  type ZeroSettings,
  zeroSettings,
} from '@gantry/model/kinds/service/zero.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type Action, keyOf, type Requirement, refOf, sees, type View } from '../core/action.ts';
import type { Activity } from './activity.ts';
import { isRolling, othersOf, type Workload, workloadKinds } from './workloads.ts';

/** Everything that a decision about one Service goes by. */
export interface Situation {
  readonly service: Service;
  readonly settings: ZeroSettings;
  readonly workloads: readonly Workload[];
  readonly activity: Activity;
  /** Knowledge of the requests to another Service; undefined where there is none. */
  readonly activityOf: (key: string) => Activity | undefined;
  readonly view: View;
  readonly nowMs: number;
}

/** Milliseconds by the wall clock after which nobody believes that requests still wait. */
const staleMs = 60_000;
/** Milliseconds between looks at a Service that is awake because something keeps it so. */
const lookMs = 5_000;

/** The state of a Service: awake, about to go to zero while its requests wait, or at zero. */
type State = 'awake' | 'draining' | 'asleep';

export function stateOf({ status }: Service): State {
  const condition = status?.conditions?.find(({ type }) => type === asleepCondition);
  if (condition?.status !== 'True') return 'awake';
  return condition.reason === 'Draining' ? 'draining' : 'asleep';
}

/** True where requests wait for a pod, as xDS servers say. */
export function isHeld({ status }: Service, activity: Activity, nowMs: number): boolean {
  const held = status?.conditions?.find(({ type }) => type === heldCondition);
  const time = held?.status === 'True' ? held.lastTransitionTime : undefined;
  return activity.held(time, Math.abs(nowMs - Date.parse(time ?? '')) > staleMs);
}

/** Decides about a Service: what scales, and what its condition says. */
export function decide(situation: Situation): Action[] {
  const { service, workloads, activity, nowMs } = situation;
  const state = stateOf(service);
  activity.drain(state === 'draining');
  if (isHeld(service, activity, nowMs)) return wake(situation, state);
  const atZero = workloads.length > 0 && workloads.every(({ replicas }) => replicas === 0);
  switch (state) {
    case 'awake':
      return atZero && isCurrent(situation)
        ? [conditionOf(situation, 'True', 'Idle', 'Its workloads have no replicas.')]
        : awake(situation);
    case 'draining':
      return atZero ? [conditionOf(situation, 'True', 'Idle', idleMessage(situation))] : draining(situation);
    case 'asleep': {
      if (atZero || workloads.some(({ replicas }) => replicas === undefined) || !isCurrent(situation)) return [];
      activity.touch();
      return [conditionOf(situation, 'False', 'Scaled', 'A workload has replicas.')];
    }
  }
}

/** True where the views of workloads are as new as the Service: its condition follows a scale. */
function isCurrent({ service, view }: Situation): boolean {
  return workloadKinds.every((kind) => sees(view, kind, service));
}

/** Requests wait: every workload without replicas gets some, and nothing goes to zero. */
function wake(situation: Situation, state: State): Action[] {
  const { service, settings, workloads, activity } = situation;
  activity.touch();
  const actions: Action[] = [];
  for (const { ref, replicas, title } of workloads) {
    if (replicas !== 0) continue;
    actions.push({ type: 'setScale', ref, from: 0, to: settings.replicas });
    const message = `Requests wait: scaled ${title} from 0 to ${settings.replicas}`;
    actions.push({ type: 'event', about: service, eventType: 'Normal', reason: 'ScaledFromZero', message });
  }
  if (workloads.length === 0) {
    const message = 'Requests wait, and the Service selects the pods of no workload that could be scaled';
    actions.push({ type: 'event', about: service, eventType: 'Warning', reason: 'NoWorkload', message });
  }
  if (state !== 'awake') actions.push(conditionOf(situation, 'False', 'RequestsWait', 'Requests wait for a pod.'));
  return [...actions, { type: 'requeue', afterMs: lookMs }];
}

/** Looks for requests, and has them wait when there were none for long enough. */
function awake(situation: Situation): Action[] {
  const { service, settings, activity } = situation;
  const { afterMs } = settings;
  // The load balancer is to know in time that requests may have to wait.
  if (!hasZeroAnnotations(service)) return told(situation, 'Autoscaled', 'An autoscaler may scale it to zero.');
  if (afterMs === undefined || situation.workloads.length === 0) return [];
  const obstacle = obstacleOf(situation);
  if (obstacle !== undefined) {
    activity.touch();
    return [...told(situation, 'Obstacle', obstacle), { type: 'requeue', afterMs: lookMs }];
  }
  if (
    activity.isIdle(afterMs) &&
    othersAre(situation, (other, of) => stateOf(other) !== 'awake' || of.isIdle(afterMsOf(other)))
  ) {
    return [conditionOf(situation, 'True', 'Draining', idleMessage(situation))];
  }
  return [...cleared(situation), ...measureOrWait(situation, afterMs, service)];
}

/** Scales to zero once nothing is under way, or gives up. */
function draining(situation: Situation): Action[] {
  const { service, settings, workloads, activity, view } = situation;
  const { afterMs } = settings;
  const obstacle = afterMs === undefined ? 'The annotation is gone.' : obstacleOf(situation);
  if (afterMs === undefined || obstacle !== undefined || activity.isBusy || activity.drainsTooLong) {
    activity.touch();
    const message = obstacle ?? 'A request is under way, or may be.';
    return [conditionOf(situation, 'False', 'InUse', message)];
  }
  if (!activity.isDrained || !othersAre(situation, (other, of) => stateOf(other) === 'asleep' || of.isDrained)) {
    return measureOrWait(situation, afterMs, service);
  }
  const services = [service, ...workloads.flatMap((workload) => othersOf(service, workload, view))];
  const requires = services.map(unchanged);
  const actions = workloads.flatMap(({ ref, title, replicas = 0 }): Action[] => {
    if (replicas === 0) return [];
    const message = `${idleMessage(situation)} Scaled ${title} from ${replicas} to 0`;
    return [
      { type: 'setScale', ref, from: replicas, to: 0, requires },
      { type: 'event', about: service, eventType: 'Normal', reason: 'ScaledToZero', message },
    ];
  });
  return [...actions, conditionOf(situation, 'True', 'Idle', idleMessage(situation))];
}

/** A request that began to wait since has changed the Service. */
function unchanged(service: Service): Requirement {
  return { type: 'unchanged', ref: refOf(service, 'Service'), resourceVersion: service.metadata.resourceVersion! };
}

function measureOrWait({ activity }: Situation, afterMs: number, { metadata }: Service): Action[] {
  const dueMs = activity.dueMs(afterMs);
  if (dueMs > 0) return [{ type: 'requeue', afterMs: dueMs }];
  const { namespace = '', name } = metadata;
  return [
    { type: 'measure', measurement: activity.ask(keyOf({ metadata }), { namespace, name }, afterMs) },
    { type: 'requeue', afterMs: 0 },
  ];
}

/** True where all other Services of the same pods are so. */
function othersAre(
  { service, workloads, view, activityOf }: Situation,
  test: (other: Service, activity: Activity) => boolean,
): boolean {
  const others = workloads.flatMap((workload) => othersOf(service, workload, view));
  return others.every((other) => {
    const activity = activityOf(keyOf(other));
    return activity !== undefined && test(other, activity);
  });
}

function afterMsOf(service: Service): number {
  return zeroSettings(service)?.afterMs ?? Number.POSITIVE_INFINITY;
}

/** The reason why a Service cannot go to zero: its requests could not wake it, or nobody would see them. */
function obstacleOf({ service, workloads, view }: Situation): string | undefined {
  const unserved = unservedOf(service);
  if (unserved !== undefined) return unserved;
  for (const workload of workloads) {
    if (workload.replicas === undefined) return `The scale of ${workload.title} cannot be read.`;
    if (isRolling(workload, view)) return `A Rollout of ${workload.title} is under way.`;
    const other = othersOf(service, workload, view).find((each) => zeroSettings(each)?.afterMs === undefined);
    if (other !== undefined) {
      return `Service ${other.metadata.name} sends requests to ${workload.title} as well, and may not go to zero.`;
    }
  }
  return undefined;
}

function unservedOf({ spec, status }: Service): string | undefined {
  const [ingress] = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' || ingress === undefined) return 'No load balancer serves it.';
  const broken = (ingress.ports ?? []).find(({ error }) => error);
  return broken && `The load balancer does not serve port ${broken.port}.`;
}

function idleMessage({ settings }: Situation): string {
  return `No request for ${(settings.afterMs ?? 0) / 1_000} s.`;
}

/** Tells users why the Service stays awake. */
function told(situation: Situation, reason: string, message: string): Action[] {
  const before = situation.service.status?.conditions?.find(({ type }) => type === asleepCondition);
  if (before?.status === 'False' && before.message === message) return [];
  return [conditionOf(situation, 'False', reason, message)];
}

/** Takes back what users were told. */
function cleared(situation: Situation): Action[] {
  const before = situation.service.status?.conditions?.find(({ type }) => type === asleepCondition);
  return before?.reason === 'Obstacle'
    ? [conditionOf(situation, 'False', 'InUse', 'It waits for a time without requests.')]
    : [];
}

function conditionOf(
  { service, nowMs }: Pick<Situation, 'service' | 'nowMs'>,
  status: 'True' | 'False',
  reason: string,
  message: string,
): Action {
  const all = service.status?.conditions ?? [];
  const before = all.find(({ type }) => type === asleepCondition);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime! : rfc3339(nowMs);
  const condition: Condition = { type: asleepCondition, status, reason, message, lastTransitionTime };
  const conditions = [...all.filter(({ type }) => type !== asleepCondition), condition];
  return { type: 'updateStatus', object: { ...service, status: { ...service.status, conditions } } };
}

/** The status of a Service without annotations, where it still says something of them. */
export function forgotten(service: Service): Action[] {
  const all = service.status?.conditions ?? [];
  const conditions = all.filter(({ type }) => type !== asleepCondition);
  if (conditions.length === all.length) return [];
  return [{ type: 'updateStatus', object: { ...service, status: { ...service.status, conditions } } }];
}
