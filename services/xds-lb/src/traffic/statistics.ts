/** Statistics of requests by Service, port and revision, from what Envoys send. */

import { defaultWindowSeconds, maxWindowSeconds, summarized } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { MetricFamily } from 'envoy-control-plane-ts/envoy/metrics.ts';
import { type Counts, Ring } from './ring.ts';
import { type ClusterCounts, countsOf, flushIntervalMs, latencyBoundsMs } from './sink.ts';

/** The port and revision that the requests of a cluster count for. */
export interface TrafficKey {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Empty where the Service is not split. */
  readonly revision: string;
  /** Connections are counted in place of requests. */
  readonly isTcp: boolean;
}

/** The keys of clusters by their names in statistics. */
export type TrafficKeys = ReadonlyMap<string, TrafficKey>;

/** A series that is kept. */
export interface KeptSeries {
  readonly key: TrafficKey;
  /** All that was ever counted. */
  readonly totals: Counts;
}

/** Series at a time, of which each takes 21 KiB. */
const maxSeries = 5_000;
/** A report that is this late is missed. */
const silentAfterMs = 3 * flushIntervalMs;

interface Series {
  readonly key: TrafficKey;
  readonly ring: Ring;
}

/** Takes the reports of Envoys and answers questions about them. Times are of the monotonic clock. */
export class TrafficStatistics {
  readonly #sinceMs: number;
  /** When each reporter was heard last, by its stream. */
  readonly #reporters = new Map<number, number>();
  readonly #series = new Map<string, Series>();
  #keys: TrafficKeys = new Map();
  /** Last time up to which a reporter had told all before it vanished. */
  #lostMs = Number.NEGATIVE_INFINITY;
  /** When the last series found no room. */
  #refusedMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs When it begins: it knows of nothing before. */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** Says what the clusters' requests count for from now on. */
  know(keys: TrafficKeys): void {
    this.#keys = keys;
  }

  /** Takes the statistics of one flush: what came since the one before. Clusters that nobody knows are passed over. */
  report(reporter: number, families: readonly MetricFamily[], nowMs: number): void {
    this.#reporters.set(reporter, nowMs);
    for (const [cluster, counts] of countsOf(families)) {
      const key = this.#keys.get(cluster);
      if (key === undefined) continue;
      const ring = this.#ringOf(key, nowMs);
      if (ring === undefined) this.#refusedMs = nowMs;
      else ring.add(countsFor(key, counts), nowMs);
    }
    this.#forget(nowMs);
  }

  /** A reporter is gone: requests since its last report are counted nowhere. */
  lost(reporter: number): void {
    const lastMs = this.#reporters.get(reporter);
    if (!this.#reporters.delete(reporter)) return;
    this.#lostMs = Math.max(this.#lostMs, lastMs!);
  }

  /** Throws BadRequest for a window that is not kept. */
  measure(
    { namespace = '', service = '', revision = '', windowSeconds }: MeasureTrafficRequest,
    nowMs: number,
  ): TrafficMeasurement {
    const seconds = windowSeconds || defaultWindowSeconds;
    if (!(seconds > 0 && seconds <= maxWindowSeconds)) {
      throw new GantryError(
        'BadRequest',
        `windowSeconds: Invalid value: ${seconds}: must be between 1 and ${maxWindowSeconds}`,
      );
    }
    const asked = ({ key }: Series): boolean =>
      (namespace === '' || key.namespace === namespace) &&
      (service === '' || key.service === service) &&
      (revision === '' || key.revision === revision);
    const series = [...this.#series.values()].filter(asked).flatMap(({ key, ring }) => {
      const { requests, errors, latencies } = ring.sum(seconds * 1_000, nowMs);
      if (requests === 0) return [];
      const { isTcp: _, ...named } = key;
      return [summarized({ ...named, requests, errors, latencyCounts: latencies }, latencyBoundsMs)];
    });
    const problem = this.#problem(nowMs - seconds * 1_000, nowMs) ?? '';
    return { series, complete: problem === '', problem, boundsMs: latencyBoundsMs, windowSeconds: seconds };
  }

  /** Every series, for metrics. */
  *kept(): Generator<KeptSeries> {
    for (const { key, ring } of this.#series.values()) yield { key, totals: ring.totals };
  }

  /** Envoys that report. */
  get reporters(): number {
    return this.#reporters.size;
  }

  #problem(fromMs: number, nowMs: number): string | undefined {
    if (this.#reporters.size === 0) return 'no Envoy reports';
    if (this.#sinceMs > fromMs) return 'the xDS server has not run for so long';
    if (this.#lostMs >= fromMs) return 'an Envoy vanished, or its connection broke';
    if (this.#refusedMs >= fromMs) return `there are more than ${maxSeries} series`;
    const silent = [...this.#reporters.values()].some((lastMs) => nowMs - lastMs > silentAfterMs);
    return silent ? 'an Envoy is silent' : undefined;
  }

  #ringOf(key: TrafficKey, nowMs: number): Ring | undefined {
    const id = `${key.namespace}/${key.service}:${key.port}@${key.revision}`;
    const known = this.#series.get(id);
    if (known !== undefined) return known.ring;
    if (this.#series.size >= maxSeries) this.#forget(nowMs);
    if (this.#series.size >= maxSeries) return undefined;
    const ring = new Ring();
    this.#series.set(id, { key, ring });
    return ring;
  }

  /** Series that had no request for as long as is kept give their room up. */
  #forget(nowMs: number): void {
    for (const [id, { ring }] of this.#series) {
      if (nowMs - ring.lastMs > maxWindowSeconds * 1_000) this.#series.delete(id);
    }
  }
}

/** An attempt that was repeated had its end, too: a revision that others stand in for is no good one. */
function countsFor({ isTcp }: TrafficKey, counts: ClusterCounts): Counts {
  if (isTcp) return { requests: counts.connections, errors: counts.unconnected, latencyMs: 0, latencies: [] };
  const { completed, retried, latencyMs, latencies } = counts;
  const failed = Math.max(counts.failed, counts.grpcFailed);
  return { requests: completed + retried, errors: failed + retried, latencyMs, latencies };
}
