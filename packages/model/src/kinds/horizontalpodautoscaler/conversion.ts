/**
 * autoscaling/v1 and the stored autoscaling/v2. The older version has no field for anything but the use of CPU: the rest stands in
 * annotations, so that nothing is lost on the way there and back.
 */
import type * as v1 from '../../gen/gantry.autoscaling.v1.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerCondition,
  HPAScalingRules,
  MetricSpec,
} from '../../gen/gantry.autoscaling.v2.ts';
import type { ObjectMeta } from '../../gen/gantry.meta.v1.ts';
import type { KubeObject, ServedVersion } from '../../kind.ts';
import { cpuMetric } from './defaults.ts';
import { oldMetric, oldStatus, readMetric, readStatus } from './old-metrics.ts';
import { compact, Reader, readJson, readList } from './reader.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const annotations = {
  metrics: `${prefix}metrics`,
  currentMetrics: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
} as const;
/** All that Kubernetes has put into annotations, also in versions that are gone. */
const roundTrip = [
  ...Object.values(annotations),
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
] as readonly string[];

/** autoscaling/v1. */
export const autoscalingV1: ServedVersion = {
  group: 'autoscaling',
  version: 'v1',
  message: 'gantry.autoscaling.v1.HorizontalPodAutoscaler',
  toStored: (object) => toStored(object as v1.HorizontalPodAutoscaler) as KubeObject,
  fromStored: (object) => fromStored(object as HorizontalPodAutoscaler) as KubeObject,
};

/** Removes the annotations of conversion, in place: the stored form has fields for them. */
export function dropRoundTripAnnotations(metadata: ObjectMeta): void {
  if (!roundTrip.some((name) => metadata.annotations?.[name] !== undefined)) return;
  const rest = Object.entries(metadata.annotations!).filter(([name]) => !roundTrip.includes(name));
  if (rest.length > 0) metadata.annotations = Object.fromEntries(rest);
  else delete metadata.annotations;
}

function toStored({
  apiVersion: _,
  kind,
  metadata,
  spec,
  status,
}: v1.HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { targetCPUUtilizationPercentage: percent, ...bounds } = spec;
  const { currentCPUUtilizationPercentage: currentPercent, ...counts } = status ?? {};
  const given = metadata.annotations ?? {};
  const others = readJson(given[annotations.metrics], (value) => readList(value).map(readMetric)) ?? [];
  const metrics = percent === undefined ? others : [...others, cpuMetric(percent)];
  const behavior = readJson(given[annotations.behavior], readBehavior);
  const current =
    readJson(given[annotations.currentMetrics], (value) => readList(value).map(readStatus)) ??
    (currentPercent === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: currentPercent } } }]);
  const conditions = readJson(given[annotations.conditions], (value) => readList(value).map(readCondition));
  const stored: HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v2',
    kind,
    metadata: { ...metadata },
    spec: compact({ ...bounds, metrics: metrics.length === 0 ? undefined : metrics, behavior }),
  };
  dropRoundTripAnnotations(stored.metadata);
  if (status !== undefined) stored.status = compact({ ...counts, currentMetrics: current ?? [], conditions });
  return stored;
}

function fromStored({ kind, metadata, spec, status }: HorizontalPodAutoscaler): v1.HorizontalPodAutoscaler {
  const { metrics = [], behavior, scaleTargetRef, minReplicas, maxReplicas } = spec;
  const { currentMetrics = [], conditions = [], ...counts } = status ?? {};
  const cpu = metrics.find(isCpuUse);
  const others = metrics.filter((metric) => !isCpuUse(metric));
  const currentCpu = currentMetrics.findLast(
    ({ type, resource }) =>
      type === 'Resource' && resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
  );
  const extra: Record<string, string> = {};
  if (others.length > 0) extra[annotations.metrics] = JSON.stringify(others.map(oldMetric));
  if (currentMetrics.length > 0) extra[annotations.currentMetrics] = JSON.stringify(currentMetrics.map(oldStatus));
  if (behavior !== undefined) extra[annotations.behavior] = JSON.stringify(oldBehavior(behavior));
  if (conditions.length > 0) extra[annotations.conditions] = JSON.stringify(conditions.map(oldCondition));
  const old: v1.HorizontalPodAutoscaler = {
    apiVersion: 'autoscaling/v1',
    kind,
    metadata: { ...metadata },
    spec: compact({
      scaleTargetRef,
      minReplicas,
      maxReplicas,
      targetCPUUtilizationPercentage: cpu?.resource?.target.averageUtilization,
    }),
    status: compact({
      currentReplicas: 0,
      desiredReplicas: 0,
      ...counts,
      currentCPUUtilizationPercentage: currentCpu?.resource?.current.averageUtilization,
    }),
  };
  dropRoundTripAnnotations(old.metadata);
  if (Object.keys(extra).length > 0) old.metadata.annotations = { ...old.metadata.annotations, ...extra };
  return old;
}

function isCpuUse({ type, resource }: MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined;
}

function oldCondition(condition: HorizontalPodAutoscalerCondition): object {
  const { type, status, lastTransitionTime = null, reason, message, observedGeneration } = condition;
  return compact({ type, status, lastTransitionTime, reason, message, observedGeneration });
}

function readCondition(reader: Reader): HorizontalPodAutoscalerCondition {
  return compact<HorizontalPodAutoscalerCondition>({
    type: reader.text('type') ?? '',
    status: reader.text('status') ?? '',
    lastTransitionTime: reader.text('lastTransitionTime'),
    reason: reader.text('reason'),
    message: reader.text('message'),
    observedGeneration: reader.integer('observedGeneration'),
  });
}

/** Kubernetes writes its internal form, whose names begin with capitals and which leaves nothing out. */
function oldBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): object {
  return { ScaleUp: oldRules(scaleUp), ScaleDown: oldRules(scaleDown) };
}

function oldRules(rules: HPAScalingRules | undefined): object | null {
  if (rules === undefined) return null;
  const { stabilizationWindowSeconds = null, selectPolicy = null, policies, tolerance = null } = rules;
  const list = policies?.map(({ type = '', value = 0, periodSeconds = 0 }) => ({
    Type: type,
    Value: value,
    PeriodSeconds: periodSeconds,
  }));
  return {
    StabilizationWindowSeconds: stabilizationWindowSeconds,
    SelectPolicy: selectPolicy,
    Policies: list ?? null,
    Tolerance: tolerance,
  };
}

function readBehavior(value: unknown): HorizontalPodAutoscalerBehavior | undefined {
  const reader = new Reader(value);
  const [up, down] = [reader.object('scaleUp'), reader.object('scaleDown')];
  if (up === undefined && down === undefined) return undefined;
  return compact<HorizontalPodAutoscalerBehavior>({
    scaleUp: up && readRules(up),
    scaleDown: down && readRules(down),
  });
}

function readRules(reader: Reader): HPAScalingRules {
  const policies = reader.list('policies').map((policy) => ({
    type: policy.text('type') ?? '',
    value: policy.integer('value') ?? 0,
    periodSeconds: policy.integer('periodSeconds') ?? 0,
  }));
  return compact<HPAScalingRules>({
    stabilizationWindowSeconds: reader.integer('stabilizationWindowSeconds'),
    selectPolicy: reader.text('selectPolicy'),
    policies: policies.length === 0 ? undefined : policies,
    tolerance: reader.quantity('tolerance'),
  });
}
