import type { HorizontalPodAutoscaler } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type ObjectRef,
  type ScaleReading,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import type { Measured } from '../core/measure.ts';
import { sameStatus } from '../core/same-status.ts';
import { courseOf, type Decision, decide, refused, unreadable } from './decide.ts';
import { History } from './history.ts';
import { findingsOf, inquiryOf, subjectOf } from './inquiry.ts';
import { Selectors } from './selectors.ts';
import { type AutoscalerSettings, defaultAutoscalerSettings } from './settings.ts';

/** A look at an autoscaler that is under way: the target's scale is read, then metrics are asked for, then it is decided. */
interface Look {
  readonly id: string;
  /** Of the autoscaler's spec that it goes by. */
  readonly generation: number;
  readonly target: ObjectRef;
  reading?: ScaleReading;
  measured?: Measured;
}

/** A change of the target that was asked for. */
interface Attempt {
  readonly decision: Decision;
  /** By the monotonic clock. */
  readonly atMs: number;
  /** A call failed, so that nobody knows whether the change was made. */
  inDoubt?: true;
  /** The reason, which is still to be told. */
  problem?: string;
}

/** Memory of one autoscaler. Times are of the monotonic clock. */
interface Memory {
  readonly uid: string | undefined;
  readonly history: History;
  /** When it is looked at next, unless its spec changes. */
  dueMs: number;
  /** Of the spec that the latest look went by. */
  generation?: number;
  look?: Look;
  attempt?: Attempt;
  /** Until then, a change to zero that failed may still arrive. */
  doubtUntilMs?: number;
  /** When the target was last changed, as it is stored. */
  lastScaleTime?: string | undefined;
}

/** Milliseconds after which no call that failed for its caller arrives any more: twice the deadline of calls. */
const doubtMs = 60_000;

interface Deps {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly settings: AutoscalerSettings;
  readonly selectors: Selectors;
}

/** Sets the replicas of workloads by what is measured of them, at most as fast and as far as their autoscalers allow. */
export function horizontalPodAutoscalerController(
  clock: Pick<Clock, 'monotonic'>,
  settings: AutoscalerSettings = defaultAutoscalerSettings,
): Controller {
  const deps: Deps = { clock, settings, selectors: new Selectors() };
  const memories = new Map<string, Memory>();
  let looks = 0;
  return {
    name: 'horizontal-pod-autoscaler',
    watches: ['HorizontalPodAutoscaler', 'Pod'],
    // Pods are looked at in each period: what they do is no reason to look earlier.
    keysFor: (object: AnyObject) => (object.kind === 'HorizontalPodAutoscaler' ? [keyOf(object)] : []),

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const autoscaler = view.get('HorizontalPodAutoscaler', namespace, name);
      if (autoscaler === undefined) {
        memories.delete(key);
        deps.selectors.delete(namespace, name);
        return [];
      }
      const { uid, generation = 0 } = autoscaler.metadata;
      const known = memories.get(key);
      const memory: Memory =
        known !== undefined && known.uid === uid ? known : { uid, history: new History(), dueMs: clock.monotonic() };
      memories.set(key, memory);
      if (memory.attempt?.problem !== undefined && memory.look === undefined)
        return tellFailure(autoscaler, memory, nowMs, deps);
      if (memory.look !== undefined && memory.look.generation !== generation) delete memory.look;
      const isDue = memory.dueMs <= clock.monotonic() || memory.generation !== generation;
      if (memory.look === undefined && !isDue) return [nextLook(memory, deps)];
      return look(autoscaler, view, memory, nowMs, deps, () => `${key}/${++looks}`);
    },

    scaleRead(key: string, ref: ObjectRef, reading: ScaleReading): void {
      const memory = memories.get(key);
      if (memory?.look === undefined || memory.look.target.name !== ref.name) return;
      memory.look.reading = reading;
      settleAttempt(memory, reading);
    },

    measured(key: string, measured: Measured): void {
      const current = memories.get(key)?.look;
      if (current?.id === measured.id) current.measured = measured;
    },

    failed(key: string, error: unknown, during: Action['type']): void {
      const memory = memories.get(key);
      if (memory === undefined) return;
      if (memory.attempt !== undefined) memory.attempt.inDoubt = true;
      if (memory.attempt?.decision.rescale?.to === 0) memory.doubtUntilMs = clock.monotonic() + doubtMs;
      // Somebody else changed the target: another look is needed, and nothing to be told.
      const isRefusal = during === 'setScale' && !isError(error, 'Conflict');
      if (isRefusal && memory.attempt !== undefined) memory.attempt.problem = toGantryError(error).message;
      else memory.dueMs = clock.monotonic();
    },
  };
}

function nextLook({ dueMs }: Memory, { clock }: Deps): Action {
  return { type: 'requeue', afterMs: Math.max(0, dueMs - clock.monotonic()) };
}

/** One step of a look: each begins with what the steps before it brought. */
function look(
  autoscaler: HorizontalPodAutoscaler,
  view: View,
  memory: Memory,
  nowMs: number,
  deps: Deps,
  newId: () => string,
): Action[] {
  const { clock, settings, selectors } = deps;
  if (memory.look === undefined) {
    const target = targetOf(autoscaler, view);
    if (target === 'unknown') return [waitForView];
    memory.dueMs = clock.monotonic() + settings.syncPeriodMs;
    memory.generation = autoscaler.metadata.generation ?? 0;
    if ('problem' in target) return conclude(autoscaler, unreadable(autoscaler, target.problem, nowMs), memory, deps);
    memory.look = { id: newId(), generation: memory.generation, target };
  }
  const { id, target, reading, measured } = memory.look;
  if (reading === undefined) return [{ type: 'readScale', ref: target }, now];
  if (reading.type !== 'replicas') {
    const problem = reading.type === 'none' ? 'the server could not find the requested resource' : reading.message;
    return conclude(autoscaler, unreadable(autoscaler, problem, nowMs), memory, deps);
  }
  const situation = {
    ...{
      autoscaler: remembering(autoscaler, memory),
      current: reading.replicas,
      history: memory.history,
      settings,
      nowMs,
    },
    monotonicMs: clock.monotonic(),
    mayFallAsleep: (memory.doubtUntilMs ?? 0) > clock.monotonic(),
  };
  const course = courseOf(situation);
  if (course.type !== 'metrics') return conclude(autoscaler, decide(situation, course, undefined), memory, deps);
  const subject = subjectOf(autoscaler, reading, view, nowMs, settings, selectors);
  if ('event' in subject) {
    return conclude(autoscaler, decide(situation, course, { type: 'none', ...subject }), memory, deps);
  }
  const inquiry = inquiryOf(autoscaler, subject, view.kinds);
  if (measured === undefined && inquiry.questions.length > 0) {
    return [{ type: 'measure', measurement: { id, questions: inquiry.questions } }, now];
  }
  const each = findingsOf(autoscaler, subject, inquiry, measured?.answers ?? []);
  return conclude(autoscaler, decide(situation, course, { type: 'metrics', each }), memory, deps);
}

const now: Action = { type: 'requeue', afterMs: 0 };

/** The object whose replicas are set; unknown while nobody knows which kinds are served. */
function targetOf(
  { metadata, spec }: HorizontalPodAutoscaler,
  { kinds }: View,
): ObjectRef | { readonly problem: string } | 'unknown' {
  const { apiVersion = '', kind, name } = spec.scaleTargetRef;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return { problem: `unexpected GroupVersion string: ${apiVersion}` };
  const served = kinds.of({ apiVersion, kind });
  if (served !== undefined) return { kind: served.id, namespace: metadata.namespace, name };
  if (kinds.all.length === 0) return 'unknown';
  const group = slashes === 0 ? '' : apiVersion.slice(0, apiVersion.indexOf('/'));
  return { problem: `no matches for kind "${kind}" in group "${group}"` };
}

/** Notes a change as made once it is known to be. */
function settleAttempt(memory: Memory, reading: ScaleReading): void {
  const { attempt } = memory;
  delete memory.attempt;
  if (attempt?.decision.rescale === undefined) return;
  const { from, to } = attempt.decision.rescale;
  const isDone = attempt.inDoubt === undefined || (reading.type === 'replicas' && reading.replicas === to);
  if (!isDone) return;
  memory.history.change(from, to, attempt.atMs);
  memory.lastScaleTime = attempt.decision.status.lastScaleTime;
}

/** The autoscaler with the time of the latest change, whose write to its status may have failed. */
function remembering(autoscaler: HorizontalPodAutoscaler, { lastScaleTime }: Memory): HorizontalPodAutoscaler {
  if (lastScaleTime === undefined || autoscaler.status?.lastScaleTime === lastScaleTime) return autoscaler;
  return { ...autoscaler, status: { ...autoscaler.status, lastScaleTime } };
}

/** Ends a look with what it led to. */
function conclude(autoscaler: HorizontalPodAutoscaler, decision: Decision, memory: Memory, deps: Deps): Action[] {
  const { look: ended } = memory;
  delete memory.look;
  const { told, status, rescale } = decision;
  const events = told.map((each): Action => ({ type: 'event', about: autoscaler, ...each }));
  const written = writeStatus(autoscaler, status);
  if (rescale === undefined || ended === undefined) return [...events, ...written, nextLook(memory, deps)];
  const { from, to } = rescale;
  memory.attempt = { decision, atMs: deps.clock.monotonic() };
  return [
    ...events.slice(0, -1),
    ...intentOf(autoscaler, decision),
    { type: 'setScale', ref: ended.target, from, to },
    ...events.slice(-1),
    ...written,
    nextLook(memory, deps),
  ];
}

/**
 * The promise to wake a target that is brought to zero, written before it is: without it nobody could tell later that no person did it.
 */
function intentOf(autoscaler: HorizontalPodAutoscaler, { status }: Decision): Action[] {
  const promise = status.conditions?.find(({ type }) => type === 'ScaledToZero');
  if (promise?.status !== 'True') return [];
  const { conditions = [] } = autoscaler.status ?? {};
  const others = conditions.filter(({ type }) => type !== promise.type);
  return writeStatus(autoscaler, { ...autoscaler.status, conditions: [...others, promise] });
}

function tellFailure(autoscaler: HorizontalPodAutoscaler, memory: Memory, nowMs: number, deps: Deps): Action[] {
  const { decision, problem } = memory.attempt!;
  const { told, status } = refused(autoscaler, decision, problem!, nowMs);
  delete memory.attempt!.problem;
  return [
    ...told.map((each): Action => ({ type: 'event', about: autoscaler, ...each })),
    ...writeStatus(autoscaler, status),
    nextLook(memory, deps),
  ];
}

function writeStatus(autoscaler: HorizontalPodAutoscaler, status: Decision['status']): Action[] {
  return sameStatus(autoscaler.status ?? {}, status)
    ? []
    : [{ type: 'updateStatus', object: { ...autoscaler, status } }];
}
