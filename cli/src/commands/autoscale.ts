import type { HorizontalPodAutoscaler, MetricSpec } from '@gantry/model/gen/gantry.autoscaling.v2.ts';
import { quantityProblem } from '@gantry/model/quantity.ts';
import { type Context, refusal } from '../context.ts';
import { objectLabel } from '../output/objects.ts';
import { onlyTarget, targetsOf } from '../targets.ts';

export interface AutoscaleFlags {
  /** Fewest replicas; the api's default where absent. */
  readonly min?: number;
  readonly max: number;
  /** Percent of the requested CPU, such as 70%, or an amount for each pod, such as 500m. */
  readonly cpu?: string;
  /** The same of memory, such as 60% or 200Mi. */
  readonly memory?: string;
  /** Name of the autoscaler; that of its target where absent. */
  readonly name?: string;
  readonly dryRun: boolean;
}

/** The object whose replicas are to be set. */
interface ScaleTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** Creates an autoscaler for a workload. */
export async function autoscale(context: Context, args: readonly string[], flags: AutoscaleFlags): Promise<void> {
  const { kind, type, name } = onlyTarget(await targetsOf(context, args), args);
  if (!type.namespaced || type.subresources?.scale === undefined) {
    throw refusal(`cannot autoscale a ${type.kind}: it has no replicas`);
  }
  const { client, namespace, signal, output } = context;
  // Refuses a workload that there is not, before anything is made for it.
  await client.getScale(kind, { namespace, name }, { signal });
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  const autoscaler = autoscalerOf({ apiVersion, kind: type.kind, name }, namespace, flags);
  const created = await client.create(autoscaler, { signal, dryRun: flags.dryRun });
  output.write(`${objectLabel(created)} autoscaled${flags.dryRun ? ' (dry run)' : ''}\n`);
}

/** The autoscaler that the flags ask for. Throws a refusal for flags that make none. */
export function autoscalerOf(target: ScaleTarget, namespace: string, flags: AutoscaleFlags): HorizontalPodAutoscaler {
  const { min, max, cpu, memory, name = target.name } = flags;
  if (max < 1) throw refusal(`--max is required and must be at least 1, max: ${max}`);
  if (min !== undefined && max < min) {
    throw refusal(`--max must be larger or equal to --min, max: ${max}, min: ${min}`);
  }
  const metrics = [
    ...(cpu === undefined ? [] : [metricOf('cpu', cpu, 'm')]),
    ...(memory === undefined ? [] : [metricOf('memory', memory, 'Mi')]),
  ];
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: target,
      maxReplicas: max,
      ...(min === undefined ? {} : { minReplicas: min }),
      ...(metrics.length === 0 ? {} : { metrics }),
    },
  };
}

/** The metric of a resource. @param unit Of a number that has none. */
function metricOf(resource: string, text: string, unit: string): MetricSpec {
  const value = text.trim();
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent !== undefined) {
    const target = { type: 'Utilization', averageUtilization: Number(percent) };
    return { type: 'Resource', resource: { name: resource, target } };
  }
  const averageValue = /^\d+(\.\d+)?$/.test(value) ? `${value}${unit}` : value;
  if (quantityProblem(averageValue) !== undefined) throw refusal(`invalid resource ${resource} value: ${text}`);
  return { type: 'Resource', resource: { name: resource, target: { type: 'AverageValue', averageValue } } };
}
