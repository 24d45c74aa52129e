import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import type { Requirement } from '@gantry/model/selectors.ts';

/** A metric of the objects of a kind. */
export interface CustomMetric {
  readonly kind: Kind;
  readonly metric: string;
}

/** A question about objects of one kind, which exist. */
export interface CustomQuery {
  readonly kind: Kind;
  /** Empty for objects that are in none. */
  readonly namespace: string;
  readonly objects: readonly KubeObject[];
  readonly metric: string;
  /** Conditions on the metric's own labels. */
  readonly selector: readonly Requirement[];
}

/** A question about what concerns no object. */
export interface ExternalQuery {
  readonly namespace: string;
  readonly metric: string;
  readonly selector: readonly Requirement[];
}

/** A number, and when it was measured. */
export interface Sample {
  /** Whatever the source has: it may be none that can be told. */
  readonly value: number;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  /** Seconds over which it was measured; 0 for a value of the moment. */
  readonly windowSeconds: number;
}

/** A sample of one object. */
export interface ObjectSample extends Sample {
  readonly name: string;
}

/** A sample of one series. */
export interface SeriesSample extends Sample {
  readonly labels: Readonly<Record<string, string>>;
}

/** A source of metrics. */
export interface MetricSource {
  /** The metrics that it has now, from memory. */
  list(): { readonly custom: readonly CustomMetric[]; readonly external: readonly string[] };
  /**
   * Samples of the objects that have one; undefined where it does not have the metric, so that another source may be asked. Rejects with
   * ServiceUnavailable where it has it and cannot tell.
   */
  custom(query: CustomQuery, signal: AbortSignal): Promise<readonly ObjectSample[] | undefined>;
  /** The same of series. */
  external(query: ExternalQuery, signal: AbortSignal): Promise<readonly SeriesSample[] | undefined>;
}
