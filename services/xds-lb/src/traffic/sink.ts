/** The statistics that Envoys send, and their form here. */
import type { MetricFamily } from 'envoy-control-plane-ts/envoy/metrics.ts';
import type { MetricsSinkOptions } from 'envoy-control-plane-ts/process/bootstrap.ts';

/**
 * Upper bounds of latencies in milliseconds. A quantile is estimated within its bucket, and its error is at most the bucket's
 * width: about a third of the value.
 */
export const latencyBoundsMs: readonly number[] = [
  1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000,
  30_000,
];

/** Milliseconds between two flushes of an Envoy. */
export const flushIntervalMs = 5_000;

/** Statistics of a cluster of requests by their names in Envoy. */
const requestStatistics = {
  upstream_rq_completed: 'completed',
  upstream_rq_5xx: 'failed',
  upstream_rq_retry: 'retried',
  upstream_rq_active: 'active',
} as const;
/** Those of a cluster of TCP connections. */
const connectionStatistics = {
  upstream_cx_total: 'connections',
  upstream_cx_connect_fail: 'unconnected',
  upstream_cx_active: 'active',
} as const;
const statistics: Readonly<Record<string, keyof Sums>> = { ...requestStatistics, ...connectionStatistics };
const latency = 'upstream_rq_time';
/** Those of a route, for which Envoy has no number of requests under way. */
const routeStatistics = [...Object.keys(requestStatistics).filter((name) => name !== 'upstream_rq_active'), latency];

/**
 * Status of gRPC calls that failed on the server's side: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS. They are
 * those that HTTP has 5xx for.
 */
const grpcFailures = ['2', '4', '12', '13', '14', '15'];
const grpcSuffix = '.grpc';

const servicePattern = '[a-z0-9-]+\\.[a-z0-9-]+_[0-9]+';

/**
 * Statistics that Envoys keep and send: a few of each cluster of a Service and of each route that is told apart, and those of Envoy itself that tell of
 * its health. All that Envoy has of a cluster would be twenty times as much.
 */
export const envoyMetrics: MetricsSinkOptions = {
  flushIntervalMs,
  keep: [
    `cluster\\.${servicePattern}(@[^.]+)?\\.(${[...Object.keys(requestStatistics), latency, `grpc\\.(${grpcFailures.join('|')})`].join('|')})`,
    `cluster\\.${servicePattern}@tcp\\.(${Object.keys(connectionStatistics).join('|')})`,
    `vhost\\.${servicePattern}\\.route\\.[a-z0-9-]+\\.(${routeStatistics.join('|')})`,
    '(server|listener_manager|cluster_manager|control_plane)\\..*',
    'cluster\\.xds_cluster\\..*',
  ],
  histogramBounds: latencyBoundsMs,
};

/** Counts of one cluster or route since the flush before. */
export interface ReportedCounts extends Readonly<Sums> {
  /** Answers by time: one number for each bound, and one for those above. */
  readonly latencies: readonly number[];
  /** Sum of the answers' times in milliseconds. */
  readonly latencyMs: number;
}

interface Sums {
  /** Requests that ended with an answer, of a pod or of Envoy in its place. */
  completed: number;
  /** Those of class 5xx among them: of the pod, or of Envoy because there was no connection or answer in time. */
  failed: number;
  /** gRPC calls that ended with a status of the server's failure; those that Envoy answered in its place are in both. */
  grpcFailed: number;
  /** Attempts that failed and were repeated. */
  retried: number;
  /** Connections that were begun. */
  connections: number;
  /** Those that were refused, or not there in time. */
  unconnected: number;
  /** Requests or connections under way at the flush. */
  active: number;
}

const clusterPrefix = 'cluster.';
const routePrefix = 'vhost.';

/**
 * Name of a cluster in the names of its statistics. Envoy has no colons there, and a revision no dots, so that it ends where the name of a
 * statistic begins.
 */
export function statName(cluster: string): string {
  const [name = '', revision] = cluster.replaceAll(':', '_').split('@');
  return revision === undefined ? name : `${name}@${revision.replaceAll('.', '_')}`;
}

/** The same of a cluster of TCP connections, of which other things are counted. */
export function tcpStatName(cluster: string): string {
  return `${statName(cluster)}@tcp`;
}

/** Name of a route in the names of its statistics. @param prefix The route's own: letters, digits and dashes. */
export function routeStatName(virtualHost: string, prefix: string): string {
  return `${routePrefix}${virtualHost}.route.${prefix}`;
}

/** The counts by the clusters' and routes' names in statistics, of those that had anything to count. */
export function countsOf(families: readonly MetricFamily[]): Map<string, ReportedCounts> {
  const counts = new Map<string, Sums & { latencies: readonly number[]; latencyMs: number }>();
  const of = (name: string) => {
    const known = counts.get(name);
    if (known !== undefined) return known;
    const made = {
      ...{ completed: 0, failed: 0, grpcFailed: 0, retried: 0, connections: 0, unconnected: 0, active: 0 },
      ...{ latencies: [], latencyMs: 0 },
    };
    counts.set(name, made);
    return made;
  };
  for (const { name = '', metric: [metric] = [] } of families) {
    if (metric === undefined) continue;
    const { histogram } = metric;
    const value = metric.counter?.value ?? metric.gauge?.value ?? 0;
    // Most counters of most flushes have nothing to add.
    if (!(value > 0) && !histogram?.sampleCount) continue;
    const owner = ownerIn(name);
    if (owner === undefined) continue;
    const statistic = name.slice(name.lastIndexOf('.') + 1);
    if (statistic === latency) {
      if (histogram?.sampleCount) {
        Object.assign(of(owner), { latencies: buckets(histogram), latencyMs: histogram.sampleSum ?? 0 });
      }
    } else if (Object.hasOwn(statistics, statistic)) of(owner)[statistics[statistic]!] += value;
    else if (owner.endsWith(grpcSuffix) && grpcFailures.includes(statistic)) {
      of(owner.slice(0, -grpcSuffix.length)).grpcFailed += value;
    }
  }
  return counts;
}

/** The cluster or route that a statistic is of, as statName or routeStatName has it. */
function ownerIn(name: string): string | undefined {
  const end = name.lastIndexOf('.');
  if (name.startsWith(clusterPrefix)) return name.slice(clusterPrefix.length, end);
  return name.startsWith(routePrefix) ? name.slice(0, end) : undefined;
}

type Histogram = NonNullable<NonNullable<MetricFamily['metric']>[number]['histogram']>;

/** Buckets of other bounds, as an Envoy has that was configured by hand, cannot be added to ours: they count nowhere. */
function buckets({ bucket = [], sampleCount = 0 }: Histogram): readonly number[] {
  const isOurs =
    bucket.length === latencyBoundsMs.length && bucket.every(({ upperBound }, i) => upperBound === latencyBoundsMs[i]);
  if (!isOurs) return [];
  const cumulative = [...bucket.map(({ cumulativeCount = 0 }) => cumulativeCount), sampleCount];
  return cumulative.map((count, i) => count - (cumulative[i - 1] ?? 0));
}
