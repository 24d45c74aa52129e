/** Defaults of autoscalers. */
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '../../gen/gantry.autoscaling.v2.ts';

/** Target of the use of CPU, in percent of what pods request. */
const defaultCpuPercent = 80;
/** Length of the period in which changes are limited. */
const periodSeconds = 15;

/** Sets an autoscaler's left-out fields, in place. */
export function setAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) spec.metrics = [cpuMetric(defaultCpuPercent)];
  if (spec.behavior === undefined) return;
  const { scaleUp, scaleDown } = spec.behavior;
  const percent = { type: 'Percent', value: 100, periodSeconds };
  const up = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 4, periodSeconds }, percent] };
  spec.behavior.scaleUp = withDefaults(scaleUp, up);
  spec.behavior.scaleDown = withDefaults(scaleDown, { policies: [percent] });
}

/** The metric of the use of CPU. */
export function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function withDefaults(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  return { selectPolicy: 'Max', ...defaults, ...rules };
}
