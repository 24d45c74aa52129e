/** Requests to Services as Prometheus metrics of xds-lb. */
import type { Registry } from 'prom-client';
import type { Counts } from './ring.ts';
import { latencyBoundsMs } from './sink.ts';
import type { KeptSeries, TrafficKey, TrafficStatistics } from './statistics.ts';

interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: (statistics: TrafficStatistics) => Value[];
}

const seconds = 'gantry_service_request_duration_seconds';

/** Series by revision; routes that are told apart would count their requests again. */
function whole(statistics: TrafficStatistics): KeptSeries[] {
  return [...statistics.kept()].filter(({ key }) => !key.isPart);
}

/** Routes that are told apart. */
function parts(statistics: TrafficStatistics): KeptSeries[] {
  return [...statistics.kept()].filter(({ key }) => key.isPart);
}

const metrics: readonly Collected[] = [
  {
    name: 'gantry_service_requests_total',
    help: 'Attempts to have a request to a Service answered, whose end was seen; connections for TCP.',
    type: 'counter',
    values: (statistics) =>
      whole(statistics).map(({ key, totals }) => ({ labels: labelsOf(key), value: totals.requests })),
  },
  {
    name: 'gantry_service_request_errors_total',
    help: 'Those that ended with an answer of class 5xx, a broken or refused connection, or a timeout.',
    type: 'counter',
    values: (statistics) =>
      whole(statistics).map(({ key, totals }) => ({ labels: labelsOf(key), value: totals.errors })),
  },
  {
    name: 'gantry_route_requests_total',
    help: 'The same of routes that are told apart.',
    type: 'counter',
    values: (statistics) =>
      parts(statistics).map(({ key, totals }) => ({ labels: routeLabelsOf(key), value: totals.requests })),
  },
  {
    name: 'gantry_route_request_errors_total',
    help: 'The same of routes that are told apart.',
    type: 'counter',
    values: (statistics) =>
      parts(statistics).map(({ key, totals }) => ({ labels: routeLabelsOf(key), value: totals.errors })),
  },
  {
    name: seconds,
    help: "Time of pods' answers to requests to a Service.",
    type: 'histogram',
    values: (statistics) => whole(statistics).flatMap(({ key, totals }) => bucketsOf(labelsOf(key), totals)),
  },
  {
    name: 'gantry_xds_reporting_envoys',
    help: 'Envoys that send their statistics here.',
    type: 'gauge',
    values: ({ reporters }) => [{ labels: {}, value: reporters }],
  },
];

/** Registers metrics whose values are those of the statistics at the moment at which they are read. */
export function registerTrafficMetrics(registry: Registry, statistics: TrafficStatistics): void {
  for (const { name, help, type, values } of metrics) {
    const metric = {
      name,
      get: async () => ({ name, help, type, aggregator: 'sum', values: values(statistics) }),
    };
    // The library takes anything with these members, and has no type for it.
    registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }
}

function labelsOf({ namespace, service, port, revision }: TrafficKey): Value['labels'] {
  return { namespace, service, port, revision };
}

function routeLabelsOf({ namespace, service, port, route }: TrafficKey): Value['labels'] {
  return { namespace, service, port, route };
}

/** Counts of the buckets grow from bound to bound, as Prometheus wants them. */
function bucketsOf(labels: Value['labels'], { latencies, latencyMs }: Counts): Value[] {
  let count = 0;
  const buckets = latencies.map((own, i): Value => {
    const bound = latencyBoundsMs[i];
    count += own;
    return {
      metricName: `${seconds}_bucket`,
      labels: { ...labels, le: bound === undefined ? '+Inf' : bound / 1_000 },
      value: count,
    };
  });
  if (buckets.length === 0) return [];
  const total = (suffix: string, value: number): Value => ({ metricName: `${seconds}_${suffix}`, labels, value });
  return [...buckets, total('sum', latencyMs / 1_000), total('count', count)];
}
