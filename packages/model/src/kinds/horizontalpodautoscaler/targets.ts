/** The targets of an autoscaler and what was last read, as `get` prints them: `cpu: 30%/80%`. */
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../gen/gantry.autoscaling.v2.ts';

/** Metrics that are printed; of further ones only their number. */
const maxShown = 2;
const unknown = '<unknown>';

/** The text of the column. */
export function targetsText({ spec, status }: HorizontalPodAutoscaler): string {
  const { metrics = [] } = spec;
  if (metrics.length === 0) return '<none>';
  const shown = metrics.slice(0, maxShown).map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  const text = shown.join(', ');
  return metrics.length > maxShown ? `${text} + ${metrics.length - maxShown} more...` : text;
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return valueText(metric.external!.target, status?.external?.current);
    case 'Object':
      return valueText(metric.object!.target, status?.object?.current);
    case 'Pods': {
      const current = status?.pods === undefined ? unknown : (status.pods.current.averageValue ?? '0');
      return `${current}/${metric.pods!.target.averageValue}`;
    }
    case 'Resource':
      return resourceText(metric.resource!, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource!, status?.containerResource?.current);
    default:
      return '<unknown type>';
  }
}

function valueText({ value, averageValue }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? unknown}/${averageValue} (avg)`;
  return `${current === undefined ? unknown : (current.value ?? '0')}/${value}`;
}

function resourceText(
  { name = '', target }: { readonly name?: string; readonly target: MetricTarget },
  current: MetricValueStatus | undefined,
): string {
  if (target.averageValue !== undefined) {
    return `${name}: ${current === undefined ? unknown : (current.averageValue ?? '0')}/${target.averageValue}`;
  }
  const percent = (value: number | undefined, otherwise: string): string =>
    value === undefined ? otherwise : `${value}%`;
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${percent(target.averageUtilization, '<auto>')}`;
}
