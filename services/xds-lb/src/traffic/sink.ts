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

/** Statistics of a cluster by their names in Envoy. */
const statistics = {
  upstream_rq_completed: 'completed',
  upstream_rq_5xx: 'failed',
  upstream_rq_retry: 'retried',
  upstream_cx_total: 'connections',
  upstream_cx_connect_fail: 'unconnected',
} as const;
const latency = 'upstream_rq_time';

/**
 * Status of gRPC calls that failed on the server's side: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS. They are
 * those that HTTP has 5xx for.
 */
const grpcFailures = [2, 4, 12, 13, 14, 15].map((code) => `grpc.${code}`);

/**
 * Statistics that Envoys keep and send: a few of each cluster of a Service, and those of Envoy itself that tell of its health. All that
 * Envoy has of a cluster would be twenty times as much.
 */
export const envoyMetrics: MetricsSinkOptions = {
  flushIntervalMs,
  keep: [
    `cluster\\.[a-z0-9-]+\\.[a-z0-9-]+_[0-9]+(@[^.]+)?\\.(${[...Object.keys(statistics), latency, ...grpcFailures].join('|').replaceAll('grpc.', 'grpc\\.')})`,
    '(server|listener_manager|cluster_manager|control_plane)\\..*',
    'cluster\\.xds_cluster\\..*',
  ],
  histogramBounds: latencyBoundsMs,
};

/** Counts of one cluster since the flush before. */
export interface ClusterCounts {
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
  /** Answers by time: one number for each bound, and one for those above. */
  latencies: readonly number[];
  /** Sum of the answers' times in milliseconds. */
  latencyMs: number;
}

const prefix = 'cluster.';

/**
 * Name of a cluster in the names of its statistics. Envoy has no colons there, and a revision no dots, so that it ends where the name of a
 * statistic begins.
 */
export function statName(cluster: string): string {
  const [name = '', revision] = cluster.replaceAll(':', '_').split('@');
  return revision === undefined ? name : `${name}@${revision.replaceAll('.', '_')}`;
}

/** The counts by the clusters' names in statistics, of those that had anything to count. */
export function countsOf(families: readonly MetricFamily[]): Map<string, ClusterCounts> {
  const counts = new Map<string, ClusterCounts>();
  const of = (cluster: string): ClusterCounts => {
    const known = counts.get(cluster);
    if (known !== undefined) return known;
    const made = {
      completed: 0,
      failed: 0,
      grpcFailed: 0,
      retried: 0,
      connections: 0,
      unconnected: 0,
      latencies: [],
      latencyMs: 0,
    };
    counts.set(cluster, made);
    return made;
  };
  for (const { name = '', metric: [metric] = [] } of families) {
    if (metric === undefined || !name.startsWith(prefix)) continue;
    const end = name.lastIndexOf('.');
    const statistic = name.slice(end + 1);
    const cluster = name.slice(prefix.length, end);
    if (statistic === latency) {
      const { histogram } = metric;
      if (histogram?.sampleCount) {
        Object.assign(of(cluster), { latencies: buckets(histogram), latencyMs: histogram.sampleSum ?? 0 });
      }
      continue;
    }
    const value = metric.counter?.value ?? 0;
    const dot = cluster.lastIndexOf('.') + 1;
    if (value > 0 && grpcFailures.includes(name.slice(prefix.length + dot)))
      of(cluster.slice(0, dot - 1)).grpcFailed += value;
    if (value > 0 && Object.hasOwn(statistics, statistic)) {
      of(cluster)[statistics[statistic as keyof typeof statistics]] += value;
    }
  }
  return counts;
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
