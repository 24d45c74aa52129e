/** Statistics of requests to Services: calls, and the arithmetic that every side does alike. */
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Client as GrpcClient } from '@grpc/grpc-js';
import type { CallOptions } from './api.ts';
import { type CallDefaults, callServerStream, callUnary } from './calls.ts';
import { trafficService } from './protos.ts';
import type {
  MeasureTrafficRequest,
  TrafficCounts,
  TrafficMeasurement,
  TrafficSeries,
  WatchTrafficRequest,
} from './traffic-messages.ts';

/** Annotation of a Lease by which an xDS server says where its TrafficService listens, as `host:port`. */
export const trafficAddressAnnotation = 'gantry.dev/traffic-address';

/** Seconds that are kept, and those that a question looks back if it does not say. */
export const maxWindowSeconds = 900;
export const defaultWindowSeconds = 60;

/** One revision of a Service's pods, over all ports. */
export interface TrafficSample {
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds within which that percent of the requests were answered, by 50, 90, 95 and 99; empty without answers. */
  readonly latencyMs: ReadonlyMap<number, number>;
  /** Requests and connections under way, as the mean of the window; undefined where nobody counts some of them. */
  readonly active: number | undefined;
}

/** Percents whose latencies are told. */
const percents = [50, 90, 95, 99] as const;

/** TrafficService as the other side calls it. */
export class TrafficCalls {
  readonly #client: GrpcClient;
  readonly #defaults: CallDefaults;

  constructor(client: GrpcClient, defaults: CallDefaults) {
    this.#client = client;
    this.#defaults = defaults;
  }

  /** Requests, errors and latencies of a window, by Service, port and revision. */
  measure(request: MeasureTrafficRequest, options?: CallOptions): Promise<TrafficMeasurement> {
    const { signal, timeoutMs = this.#defaults.timeoutMs } = options ?? {};
    const bounds = { ...this.#defaults, signal, timeoutMs, idempotent: true };
    return callUnary(this.#client, trafficService.Measure!, request, bounds);
  }

  /** The same each few seconds, until the signal fires. */
  watch(request: WatchTrafficRequest, signal: AbortSignal): AsyncGenerator<TrafficMeasurement> {
    return callServerStream(this.#client, trafficService.Watch!, request, signal);
  }

  /**
   * The numbers of one revision, or of all together. Rejects with ServiceUnavailable, and why, where requests of the window may be missing: half of
   * the truth is none to decide by.
   */
  async sample(request: MeasureTrafficRequest, options?: CallOptions): Promise<TrafficSample> {
    const { complete, problem, series, boundsMs } = await this.measure(request, options);
    if (!complete) throw new GantryError('ServiceUnavailable', `statistics are not complete: ${problem}`);
    return sampleOf(series, boundsMs);
  }
}

/** All series as one. */
export function sampleOf(series: readonly TrafficCounts[], boundsMs: readonly number[]): TrafficSample {
  const requests = series.reduce((sum, one) => sum + one.requests, 0);
  const errors = series.reduce((sum, one) => sum + one.errors, 0);
  const counts = series.map(({ latencyCounts }) => latencyCounts).reduce(added, []);
  const latencyMs = percents.map((percent) => [percent, quantileMs(counts, boundsMs, percent / 100)] as const);
  const active = series.reduce<number | undefined>((sum, one) => addedOf(sum, one.active), 0);
  return { requests, errors, active, latencyMs: new Map(counts.some((count) => count > 0) ? latencyMs : []) };
}

/** The series with the latencies that follow from its counts. */
export function summarized(counts: TrafficCounts, boundsMs: readonly number[]): TrafficSeries {
  const [p50Ms = 0, p90Ms = 0, p95Ms = 0, p99Ms = 0] = percents.map((percent) =>
    quantileMs(counts.latencyCounts, boundsMs, percent / 100),
  );
  return { ...counts, p50Ms, p90Ms, p95Ms, p99Ms };
}

/**
 * The value below which a part of the samples lie. Samples are taken as spread evenly within their bucket; those above all bounds
 * count as the highest bound, since nobody knows more. 0 without samples.
 */
export function quantileMs(counts: readonly number[], boundsMs: readonly number[], part: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const rank = part * total;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    const upper = boundsMs[i];
    if (upper === undefined) break;
    if (count > 0 && below + count >= rank) {
      const lower = boundsMs[i - 1] ?? 0;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return boundsMs.at(-1) ?? 0;
}

/**
 * The measurements of several servers as one: each counted requests of its own. Complete only where all are. Servers whose bounds are
 * others (of another version) count with their requests, and not with their times.
 */
export function merged(
  measurements: readonly TrafficMeasurement[],
  windowSeconds: number,
  problems: readonly string[] = [],
): TrafficMeasurement {
  const boundsMs = measurements[0]?.boundsMs ?? [];
  const isSame = (bounds: readonly number[]): boolean =>
    bounds.length === boundsMs.length && bounds.every((bound, i) => bound === boundsMs[i]);
  const byKey = new Map<string, TrafficCounts>();
  for (const measurement of measurements) {
    const comparable = isSame(measurement.boundsMs);
    for (const series of measurement.series) {
      const { namespace, service, port, revision, route } = series;
      const key = `${namespace}/${service}:${port}@${revision} ${route}`;
      const own = comparable ? series : { ...series, latencyCounts: [] };
      const before = byKey.get(key);
      byKey.set(key, before === undefined ? own : addedCounts(before, own));
    }
  }
  const incomplete = [...problems, ...measurements.filter(({ complete }) => !complete).map(({ problem }) => problem)];
  return {
    series: [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counts]) => summarized(counts, boundsMs)),
    complete: incomplete.length === 0,
    problem: incomplete.join('; '),
    boundsMs,
    windowSeconds,
  };
}

/** The counts of two series under the names of the first. */
export function addedCounts(a: TrafficCounts, b: TrafficCounts): TrafficCounts {
  return {
    ...a,
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    latencyCounts: added(a.latencyCounts, b.latencyCounts),
    perSecond: a.perSecond + b.perSecond,
    active: addedOf(a.active, b.active),
  };
}

function added(a: readonly number[], b: readonly number[]): readonly number[] {
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  return longer.map((count, i) => count + (shorter[i] ?? 0));
}

/** A sum that lacks a part would be wrong. */
function addedOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
