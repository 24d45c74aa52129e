/** The decision of one look at an autoscaler, from what was read and measured for it. */
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { Conditions } from './conditions.ts';
import type { History } from './history.ts';
import { limit, type Words } from './limits.ts';
import type { Failure, Finding } from './metrics.ts';
import type { AutoscalerSettings } from './settings.ts';

/** An event about an autoscaler. */
export interface Told extends Words {
  readonly eventType: 'Normal' | 'Warning';
}

/** A change of the target's replicas. */
export interface Rescale {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** The outcome of a look. */
export interface Decision {
  /** Events, in their order. */
  readonly told: readonly Told[];
  readonly status: HorizontalPodAutoscalerStatus;
  /** Undefined where the target stays as it is. */
  readonly rescale?: Rescale;
}

/** Findings of the metrics in the order of the spec, or the reason why no metric could be asked for. */
export type Findings =
  | { readonly type: 'metrics'; readonly each: readonly (Finding | Failure)[] }
  | { readonly type: 'none'; readonly event: Words; readonly condition: Words };

/** All that a decision goes by. */
export interface Situation {
  readonly autoscaler: HorizontalPodAutoscaler;
  /** Replicas that the target asks for. */
  readonly current: number;
  readonly history: History;
  readonly settings: AutoscalerSettings;
  /** The wall clock, in milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** The monotonic clock. */
  readonly monotonicMs: number;
  /** A change to zero may still be on its way to the api. */
  readonly mayFallAsleep: boolean;
}

/** The part of a decision that no metric has a say in. */
export type Course =
  /** The target is to be left alone. */
  | { readonly type: 'disabled' }
  /** The target is outside of the autoscaler's bounds. */
  | { readonly type: 'bounds'; readonly replicas: number; readonly reason: string }
  /** Metrics decide. */
  | { readonly type: 'metrics' };

/** The decision of what kind it is. A target that somebody set to zero rests; one that the autoscaler brought there wakes. */
export function courseOf({ autoscaler, current }: Pick<Situation, 'autoscaler' | 'current'>): Course {
  const { spec, status } = autoscaler;
  const { min, max } = boundsOf(autoscaler);
  if (current === 0) {
    const own = new Conditions(status?.conditions ?? [], 0).isTrue('ScaledToZero');
    const wakes = own && (min !== 0 || worksWithoutPods(spec));
    return { type: wakes ? 'metrics' : 'disabled' };
  }
  if (current > max) {
    return { type: 'bounds', replicas: max, reason: 'Current number of replicas above Spec.MaxReplicas' };
  }
  if (current < min) return { type: 'bounds', replicas: min, reason: belowMin };
  return { type: 'metrics' };
}

const belowMin = 'Current number of replicas below Spec.MinReplicas';

function boundsOf({ spec }: HorizontalPodAutoscaler): { readonly min: number; readonly max: number } {
  return { min: spec.minReplicas ?? 1, max: spec.maxReplicas ?? 0 };
}

/** True where a metric has a value while there are no pods. */
function worksWithoutPods({ metrics = [] }: HorizontalPodAutoscaler['spec']): boolean {
  return metrics.some(({ type }) => type === 'Object' || type === 'External');
}

/** The target's scale could not be read. */
export function unreadable(autoscaler: HorizontalPodAutoscaler, problem: string, nowMs: number): Decision {
  const conditions = new Conditions(autoscaler.status?.conditions ?? [], nowMs);
  const message = `the HPA controller was unable to get the target's current scale: ${problem}`;
  conditions.set('AbleToScale', false, { reason: 'FailedGetScale', message });
  return {
    told: [{ eventType: 'Warning', reason: 'FailedGetScale', message: problem }],
    status: { ...autoscaler.status, conditions: conditions.all },
  };
}

/** The decision where the scale was read. @param findings Of the metrics, where these decide. */
export function decide(situation: Situation, course: Course, findings: Findings | undefined): Decision {
  const { autoscaler, current, history, nowMs, monotonicMs } = situation;
  const conditions = new Conditions(autoscaler.status?.conditions ?? [], nowMs);
  conditions.set('AbleToScale', true, readScale);
  if (history.isEmpty) history.recommend(current, monotonicMs);
  // Whoever brings it to zero next time need not be this autoscaler.
  if (current > 0 && !situation.mayFallAsleep && conditions.isTrue('ScaledToZero')) {
    conditions.set('ScaledToZero', false, notScaledToZero);
  }
  switch (course.type) {
    case 'disabled':
      conditions.set('ScalingActive', false, disabled);
      return { told: [], status: statusOf(situation, conditions, current) };
    case 'bounds':
      return rescaled(situation, conditions, { from: current, to: course.replicas, reason: course.reason }, []);
    case 'metrics':
      return byMetrics(situation, conditions, findings ?? { type: 'metrics', each: [] });
  }
}

const readScale: Words = {
  reason: 'SucceededGetScale',
  message: "the HPA controller was able to get the target's current scale",
};
const disabled: Words = {
  reason: 'ScalingDisabled',
  message: 'scaling is disabled since the replica count of the target is zero',
};

function byMetrics(situation: Situation, conditions: Conditions, findings: Findings): Decision {
  const { autoscaler, current } = situation;
  if (findings.type === 'none') {
    conditions.set('ScalingActive', false, findings.condition);
    const told = [warning(findings.event), warning({ reason: failedReason, message: findings.event.message })];
    return { told, status: statusOf(situation, conditions, autoscaler.status?.desiredReplicas ?? 0) };
  }
  const { each } = findings;
  const failures = each.filter((finding) => finding.type === 'failed');
  const best = bestOf(each);
  const statuses = each.map((finding): MetricStatus => (finding.type === 'found' ? finding.status : { type: '' }));
  const told = failures.map(warning);
  // A metric that says nothing might ask for more than the others: nobody goes on what they say alone.
  if (best === undefined || (failures.length > 0 && best.replicas < current)) {
    const [first] = failures;
    const message = `the HPA was unable to compute the replica count: ${first?.message}`;
    conditions.set('ScalingActive', false, { reason: first?.reason ?? '', message });
    const counts = `${failures.length} invalid out of ${each.length}`;
    const summary = `invalid metrics (${counts}), first error is: ${first?.summary}`;
    told.push(warning({ reason: failedReason, message: summary }));
    return { told, status: statusOf(situation, conditions, autoscaler.status?.desiredReplicas ?? 0, statuses) };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  conditions.set('ScalingActive', true, { reason: 'ValidMetricFound', message });
  const { replicas, reason } = limitedBy(situation, conditions, best);
  if (replicas === current) return { told, status: statusOf(situation, conditions, current, statuses) };
  return rescaled(situation, conditions, { from: current, to: replicas, reason }, told, statuses);
}

const failedReason = 'FailedComputeMetricsReplicas';

function warning({ reason, message }: Words): Told {
  return { eventType: 'Warning', reason, message };
}

/** The finding that calls for the most replicas. */
function bestOf(all: readonly (Finding | Failure)[]): Finding | undefined {
  let best: Finding | undefined;
  for (const finding of all) {
    if (finding.type === 'failed') continue;
    if (best === undefined || best.replicas === 0 || finding.replicas > best.replicas) best = finding;
  }
  return best;
}

function limitedBy(
  { autoscaler, current, history, settings, monotonicMs }: Situation,
  conditions: Conditions,
  best: Finding,
): { readonly replicas: number; readonly reason: string } {
  const { min, max } = boundsOf(autoscaler);
  const { behavior } = autoscaler.spec;
  const recommended = Math.max(0, best.replicas);
  const { downscaleStabilizationMs } = settings;
  const bounds = { current, min, max, behavior, history, downscaleStabilizationMs, nowMs: monotonicMs };
  const { replicas, stabilized, limited } = limit(recommended, bounds);
  conditions.set('AbleToScale', true, stabilized);
  conditions.set('ScalingLimited', limited.isLimited, limited);
  const name = best.replicas > 0 ? best.name : '';
  const reason =
    recommended > current ? `${name} above target` : recommended < current ? 'All metrics below target' : '';
  // The autoscaler brought it to zero, and may not leave it there any longer.
  const mustWake = current === 0 && conditions.isTrue('ScaledToZero') && replicas < min;
  return mustWake ? { replicas: min, reason: reason || belowMin } : { replicas, reason };
}

function rescaled(
  situation: Situation,
  conditions: Conditions,
  rescale: Rescale,
  told: readonly Told[],
  metrics?: readonly MetricStatus[],
): Decision {
  const { autoscaler, nowMs } = situation;
  const { from, to, reason } = rescale;
  conditions.set('AbleToScale', true, {
    reason: 'SucceededRescale',
    message: `the HPA controller was able to update the target scale to ${to}`,
  });
  const toZero = from > 0 && to === 0 && worksWithoutPods(autoscaler.spec);
  conditions.set('ScaledToZero', toZero, toZero ? scaledToZero : notScaledToZero);
  const status = { ...statusOf(situation, conditions, to, metrics), lastScaleTime: rfc3339(nowMs) };
  const news = { eventType: 'Normal', reason: 'SuccessfulRescale' } as const;
  return { told: [...told, { ...news, message: `New size: ${to}; reason: ${reason}` }], status, rescale };
}

const scaledToZero: Words = {
  reason: 'ScaledToZero',
  message: 'the HPA controller scaled the workload to zero',
};
const notScaledToZero: Words = {
  reason: 'NotScaledToZero',
  message: 'the HPA controller did not scale the workload to zero',
};

/** The outcome of a decision whose change of the target failed. */
export function refused(
  autoscaler: HorizontalPodAutoscaler,
  { status: { lastScaleTime: _planned, ...planned }, rescale }: Pick<Decision, 'status' | 'rescale'>,
  problem: string,
  nowMs: number,
): Decision {
  const { status: before = {} } = autoscaler;
  const { from, to, reason } = rescale!;
  const others = (planned.conditions ?? []).filter(({ type }) => type !== 'AbleToScale' && type !== 'ScaledToZero');
  const kept = (before.conditions ?? []).filter(({ type }) => type === 'AbleToScale' || type === 'ScaledToZero');
  const conditions = new Conditions([...kept, ...others], nowMs);
  const message = `the HPA controller was unable to update the target scale: ${problem}`;
  conditions.set('AbleToScale', false, { reason: 'FailedUpdateScale', message });
  const { lastScaleTime } = before;
  return {
    told: [warning({ reason: 'FailedRescale', message: `New size: ${to}; reason: ${reason}; error: ${problem}` })],
    status: {
      ...planned,
      currentReplicas: from,
      desiredReplicas: before.desiredReplicas ?? 0,
      conditions: conditions.all,
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    },
  };
}

function statusOf(
  { autoscaler, current }: Situation,
  conditions: Conditions,
  desiredReplicas: number,
  currentMetrics?: readonly MetricStatus[],
): HorizontalPodAutoscalerStatus {
  const { lastScaleTime } = autoscaler.status ?? {};
  return {
    observedGeneration: autoscaler.metadata.generation ?? 0,
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas: current,
    desiredReplicas,
    ...(currentMetrics === undefined ? {} : { currentMetrics: [...currentMetrics] }),
    conditions: conditions.all,
  };
}
