/** Statistics of requests by Service, port and revision or route, from what Envoys send. */

import { addedCounts, defaultWindowSeconds, maxWindowSeconds, summarized } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest, TrafficCounts, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { MetricFamily } from 'envoy-control-plane-ts/envoy/metrics.ts';
import { type Counts, Coverage, Ring, startOfSum } from './ring.ts';
import { countsOf, flushIntervalMs, latencyBoundsMs, type ReportedCounts } from './sink.ts';

/** The port, and the revision or route, that the requests of a cluster or route count for. */
export interface TrafficKey {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Empty where the Service is not split. */
  readonly revision: string;
  /** The route that all requests come by; empty for TCP, and for clusters that several routes lead to. */
  readonly route: string;
  /** Connections are counted in place of requests. */
  readonly isTcp: boolean;
  /** It is one of several routes to a port, whose requests the port's clusters count, too. */
  readonly isPart?: boolean;
}

/** The keys of clusters and routes by their names in statistics. */
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

interface Reporter {
  lastMs: number;
  readonly coverage: Coverage;
}

/** Takes the reports of Envoys and answers questions about them. Times are of the monotonic clock. */
export class TrafficStatistics {
  readonly #sinceMs: number;
  /** By their streams. */
  readonly #reporters = new Map<number, Reporter>();
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

  /** Says what the clusters' and routes' requests count for from now on. */
  know(keys: TrafficKeys): void {
    this.#keys = keys;
  }

  /** Takes the statistics of one flush: what came since the one before. Clusters that nobody knows are passed over. */
  report(reporter: number, families: readonly MetricFamily[], nowMs: number): void {
    const coveredMs = this.#heard(reporter, nowMs);
    for (const [name, counts] of countsOf(families)) {
      const key = this.#keys.get(name);
      if (key === undefined) continue;
      const ring = this.#ringOf(key, nowMs);
      if (ring === undefined) this.#refusedMs = nowMs;
      else ring.add(countsFor(key, counts, coveredMs), nowMs);
    }
    this.#forget(nowMs);
  }

  /** Milliseconds that a report is about: since the one before, or those of a flush. */
  #heard(reporter: number, nowMs: number): number {
    const known = this.#reporters.get(reporter);
    const { lastMs, coverage } = known ?? { lastMs: nowMs - flushIntervalMs, coverage: new Coverage() };
    const coveredMs = nowMs - lastMs;
    coverage.add(coveredMs, nowMs);
    this.#reporters.set(reporter, { lastMs: nowMs, coverage });
    return coveredMs;
  }

  /** A reporter is gone: requests since its last report are counted nowhere. */
  lost(reporter: number): void {
    const known = this.#reporters.get(reporter);
    if (known === undefined) return;
    this.#reporters.delete(reporter);
    this.#lostMs = Math.max(this.#lostMs, known.lastMs);
  }

  /** Throws BadRequest for a window that is not kept, and for routes of a revision. */
  measure(request: MeasureTrafficRequest, nowMs: number): TrafficMeasurement {
    const { revision = '', byRoute = false, includeIdle = false } = request;
    const seconds = request.windowSeconds || defaultWindowSeconds;
    if (byRoute && revision !== '') {
      throw new GantryError('BadRequest', 'byRoute: Invalid value: true: routes are not told apart by revision');
    }
    if (!(seconds > 0 && seconds <= maxWindowSeconds)) {
      throw new GantryError(
        'BadRequest',
        `windowSeconds: Invalid value: ${seconds}: must be between 1 and ${maxWindowSeconds}`,
      );
    }
    const windowMs = seconds * 1_000;
    const coveredMs = Math.max(0, ...this.#coverages(windowMs, nowMs));
    const isAsked = askedBy(request);
    const counts = [...this.#series.values()].flatMap(({ key, ring }) => {
      if (!isAsked(key)) return [];
      const sums = ring.sum(windowMs, nowMs);
      return sums.requests + sums.activeMs > 0 || includeIdle ? [namedCounts(key, sums, coveredMs)] : [];
    });
    if (includeIdle)
      counts.push(
        ...this.#idle()
          .filter(isAsked)
          .map((key) => namedCounts(key, nothing, coveredMs)),
      );
    const series = (byRoute ? routesIn(counts) : counts).map((each) => summarized(each, latencyBoundsMs));
    const problem = this.#problem(windowMs, coveredMs, nowMs) ?? '';
    return { series, complete: problem === '', problem, boundsMs: latencyBoundsMs, windowSeconds: seconds };
  }

  #coverages(windowMs: number, nowMs: number): number[] {
    return [...this.#reporters.values()].map(({ coverage }) => coverage.sum(windowMs, nowMs));
  }

  /** Keys that have no series: nothing was ever counted for them, or not for long. */
  #idle(): TrafficKey[] {
    return [...this.#keys.values()].filter((key) => !this.#series.has(idOf(key)));
  }

  /** Every series, for metrics. */
  *kept(): Generator<KeptSeries> {
    for (const { key, ring } of this.#series.values()) yield { key, totals: ring.totals };
  }

  /** Envoys that report. */
  get reporters(): number {
    return this.#reporters.size;
  }

  #problem(windowMs: number, coveredMs: number, nowMs: number): string | undefined {
    if (this.#reporters.size === 0) return 'no Envoy reports';
    // Counts of a vanished Envoy in the first bucket have no time that they could be divided by.
    const fromMs = startOfSum(windowMs, nowMs);
    if (this.#sinceMs > nowMs - windowMs) return 'the xDS server has not run for so long';
    if (this.#lostMs >= fromMs) return 'an Envoy vanished, or its connection broke';
    if (this.#refusedMs >= fromMs) return `there are more than ${maxSeries} series`;
    const silent = [...this.#reporters.values()].some(({ lastMs }) => nowMs - lastMs > silentAfterMs);
    return silent || coveredMs === 0 ? 'an Envoy is silent' : undefined;
  }

  #ringOf(key: TrafficKey, nowMs: number): Ring | undefined {
    const id = idOf(key);
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

const nothing: Counts = { requests: 0, errors: 0, latencyMs: 0, activeMs: 0, latencies: [] };

function idOf({ namespace, service, port, revision, route, isPart }: TrafficKey): string {
  return `${namespace}/${service}:${port}@${revision}${isPart ? ` ${route}` : ''}`;
}

/** Series by revision count each request once, and so do those by route. */
function askedBy({ namespace = '', service = '', revision = '', byRoute }: MeasureTrafficRequest) {
  return (key: TrafficKey): boolean =>
    (namespace === '' || key.namespace === namespace) &&
    (service === '' || key.service === service) &&
    (revision === '' || key.revision === revision) &&
    (byRoute ? key.isTcp || key.route !== '' : !key.isPart);
}

/**
 * Counts under their names. A rate goes by the time that the reports are about: whole buckets are longer than the window, and the last report is
 * older than now. An Envoy that came within the window carried nothing before.
 */
function namedCounts(key: TrafficKey, sums: Counts, coveredMs: number): TrafficCounts {
  const { namespace, service, port, revision, route, isTcp: tcp, isPart } = key;
  const { requests, errors, latencies: latencyCounts, activeMs } = sums;
  const over = (amount: number): number => (coveredMs === 0 ? 0 : amount / coveredMs);
  const active = isPart ? undefined : over(activeMs);
  const names = { namespace, service, port, revision, route, tcp };
  return { ...names, requests, errors, latencyCounts, perSecond: over(requests) * 1_000, active };
}

/** One series a route: those of several revisions are added. */
function routesIn(counts: readonly TrafficCounts[]): TrafficCounts[] {
  const byRoute = Map.groupBy(
    counts,
    ({ namespace, service, port, route }) => `${namespace}/${service}:${port} ${route}`,
  );
  return [...byRoute.values()].map((all) => ({ ...all.reduce(addedCounts), revision: '' }));
}

/** An attempt that was repeated had its end, too: a revision that others stand in for is no good one. */
function countsFor({ isTcp }: TrafficKey, counts: ReportedCounts, coveredMs: number): Counts {
  const activeMs = counts.active * coveredMs;
  if (isTcp) return { ...nothing, requests: counts.connections, errors: counts.unconnected, activeMs };
  const { completed, retried, latencyMs, latencies } = counts;
  const failed = Math.max(counts.failed, counts.grpcFailed);
  return { requests: completed + retried, errors: failed + retried, latencyMs, activeMs, latencies };
}
