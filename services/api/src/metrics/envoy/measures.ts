import { addedCounts, quantileMs } from '@gantry/client/traffic.ts';
import type { TrafficCounts } from '@gantry/client/traffic-messages.ts';

/** A metric made of Envoys' counts. */
export interface Measure {
  /** Seconds that are looked back. */
  readonly windowSeconds: number;
  /** Of TCP connections in place of requests. */
  readonly tcp: boolean;
  /** Numbers of several series may be added. */
  readonly isAdditive: boolean;
  /** The number; undefined where there is none, as for the latency of nothing. */
  readonly value: (counts: TrafficCounts, boundsMs: readonly number[]) => number | undefined;
}

/** Load changes within seconds, and autoscalers look each fifteen. */
const loadSeconds = 20;
/** A quantile needs many answers. */
const qualitySeconds = 60;

const rate = ({ perSecond }: TrafficCounts): number => perSecond;
const underWay = ({ active }: TrafficCounts): number | undefined => active;

function latency(part: number): Measure {
  const value: Measure['value'] = ({ latencyCounts }, boundsMs) =>
    latencyCounts.some((count) => count > 0) ? quantileMs(latencyCounts, boundsMs, part) / 1_000 : undefined;
  return { windowSeconds: qualitySeconds, tcp: false, isAdditive: false, value };
}

/** Metrics by their names. */
export const measures: Readonly<Record<string, Measure>> = {
  /** Requests a second whose end was seen, attempts that were repeated included. */
  requests_per_second: { windowSeconds: loadSeconds, tcp: false, isAdditive: true, value: rate },
  /** Requests under way, on average. */
  active_requests: { windowSeconds: loadSeconds, tcp: false, isAdditive: true, value: underWay },
  /** Part of the requests that did not fail, from 0 to 1; none without requests. */
  success_rate: {
    ...{ windowSeconds: qualitySeconds, tcp: false, isAdditive: false },
    value: ({ requests, errors }) => (requests > 0 ? (requests - errors) / requests : undefined),
  },
  /** Seconds within which that percent of the answers came; none without answers. */
  latency_p50: latency(0.5),
  latency_p90: latency(0.9),
  latency_p95: latency(0.95),
  latency_p99: latency(0.99),
  /** TCP connections a second. */
  connections_per_second: { windowSeconds: loadSeconds, tcp: true, isAdditive: true, value: rate },
  /** TCP connections that are open, on average. */
  active_connections: { windowSeconds: loadSeconds, tcp: true, isAdditive: true, value: underWay },
};

/** A part of counts, such as that of one of several pods. */
export function partOf(counts: TrafficCounts, part: number): TrafficCounts {
  return {
    ...counts,
    requests: counts.requests * part,
    errors: counts.errors * part,
    latencyCounts: counts.latencyCounts.map((count) => count * part),
    perSecond: counts.perSecond * part,
    active: counts.active === undefined ? undefined : counts.active * part,
  };
}

/** The number of a metric for several series together; undefined where there is none. */
export function numberOf(
  measure: Measure,
  series: readonly TrafficCounts[],
  boundsMs: readonly number[],
): number | undefined {
  const counted = series.filter(({ tcp }) => tcp === measure.tcp);
  return counted.length === 0 ? undefined : measure.value(counted.reduce(addedCounts), boundsMs);
}
