import { readFile } from 'node:fs/promises';
import { genericKindOf } from '@gantry/model/built-in.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { CoreDeps } from '../core/context.ts';
import { MetricAnswers } from './answers.ts';
import { type MeasureTraffic, TrafficReports } from './envoy/reports.ts';
import { EnvoySource } from './envoy/source.ts';
import { MetricCatalog } from './prometheus/catalog.ts';
import { prometheusAt } from './prometheus/client.ts';
import { PrometheusSource } from './prometheus/source.ts';
import type { MetricSource } from './source.ts';
import type { ReadObjects } from './stored.ts';

/** Sources of custom and external metrics, beside Envoys. */
export interface MetricsConfig {
  /** Address of a Prometheus, such as http://prometheus.monitoring:9090; none where absent. */
  readonly prometheus?: string | undefined;
  /** File with the rules by which its series are metrics; where absent, the ConfigMap kube-system/gantry-metric-rules has them. */
  readonly rules?: string | undefined;
}

/** Custom and external metrics of an api process. */
export interface ObjectMetrics {
  readonly answers: MetricAnswers;
  /** Calls a listener after each change of the metrics that there are, until the result is disposed of. */
  readonly onUpdate: (listener: () => void) => Disposable;
  /** Looks for metrics in Prometheus, where one is configured, until the signal fires. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Parts that they stand on. */
export type ObjectMetricsDeps = Pick<CoreDeps, 'kinds' | 'clock' | 'log'> & {
  readonly read: ReadObjects;
  readonly measure: MeasureTraffic;
};

/** Name of the ConfigMap in kube-system, and its key. */
const rulesMap = { name: 'gantry-metric-rules', key: 'config.yaml' } as const;

/** Puts the sources together: what an administrator has written rules for goes before what Envoys tell by themselves. */
export function objectMetricsOf(
  { kinds, clock, log, read, measure }: ObjectMetricsDeps,
  config: MetricsConfig,
): ObjectMetrics {
  const reports = new TrafficReports(measure, clock);
  const sources: MetricSource[] = [new EnvoySource({ kinds, read, reports })];
  const { prometheus: address, rules } = config;
  if (address === undefined) {
    const answers = new MetricAnswers({ kinds, read, clock, sources });
    return { answers, onUpdate: () => new DisposableStack(), run: async () => undefined };
  }
  const prometheus = prometheusAt(address, () => clock.now());
  const catalog = new MetricCatalog({ prometheus, readRules: rulesFrom(rules, read), kinds, clock, log });
  sources.unshift(new PrometheusSource(catalog, prometheus));
  const answers = new MetricAnswers({ kinds, read, clock, sources });
  return { answers, onUpdate: (listener) => catalog.onUpdate(listener), run: (signal) => catalog.run(signal) };
}

function rulesFrom(file: string | undefined, read: ReadObjects): (signal: AbortSignal) => Promise<string | undefined> {
  if (file !== undefined) return (signal) => readFile(file, { encoding: 'utf8', signal });
  const selection = { namespace: 'kube-system', name: rulesMap.name, labelSelector: '' };
  return async (signal) => {
    const [map] = await read<ConfigMap>(genericKindOf('ConfigMap'), selection, signal);
    return map?.data?.[rulesMap.key];
  };
}
