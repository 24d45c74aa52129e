/** The messages of gantry.api.v1.TrafficService as servers and clients handle them; see proto/gantry/api/v1/traffic.proto. */

export interface MeasureTrafficRequest {
  readonly namespace?: string;
  readonly service?: string;
  readonly revision?: string;
  readonly windowSeconds?: number;
  readonly byRoute?: boolean;
  readonly includeIdle?: boolean;
}

export interface WatchTrafficRequest {
  readonly measure: MeasureTrafficRequest | null;
  readonly intervalSeconds?: number;
}

export interface TrafficMeasurement {
  readonly series: readonly TrafficSeries[];
  readonly complete: boolean;
  readonly problem: string;
  readonly boundsMs: readonly number[];
  readonly windowSeconds: number;
}

/** Counts without what follows from them. */
export interface TrafficCounts {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  readonly revision: string;
  /** Empty for TCP, and where series are by revision and several routes lead to the port. */
  readonly route: string;
  readonly tcp: boolean;
  readonly requests: number;
  readonly errors: number;
  readonly latencyCounts: readonly number[];
  readonly perSecond: number;
  /** Requests or connections under way; absent where nobody counts them. */
  readonly active?: number | undefined;
}

export interface TrafficSeries extends TrafficCounts {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}
