import type { MeasureTrafficRequest, TrafficMeasurement } from '@gantry/client/traffic-messages.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Asks all xDS servers, whoever wants to know. */
export type MeasureTraffic = (request: MeasureTrafficRequest, signal: AbortSignal) => Promise<TrafficMeasurement>;

/** A complete measurement. */
export interface TrafficReport {
  readonly measurement: TrafficMeasurement;
  /** Milliseconds since the Unix epoch. */
  readonly timestampMs: number;
}

/** The part of a measurement that reports are kept by. */
export type ReportKey = Required<Pick<MeasureTrafficRequest, 'namespace' | 'windowSeconds' | 'byRoute'>>;

/** Envoys report each five seconds: many autoscalers that ask in between get the same answer. */
const keptMs = 2_500;
/** Reports that are kept at a time. */
const maxKept = 256;

/** Measurements of the Services of namespaces, each asked for once however many want it. */
export class TrafficReports {
  readonly #measure: MeasureTraffic;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { readonly atMs: number; readonly report: Promise<TrafficReport> }>();

  constructor(measure: MeasureTraffic, clock: Clock) {
    this.#measure = measure;
    this.#clock = clock;
  }

  /** All ports of the namespace that Envoys serve, also without requests. Rejects with ServiceUnavailable for half of the truth. */
  of(key: ReportKey): Promise<TrafficReport> {
    const id = `${key.namespace} ${key.windowSeconds} ${key.byRoute}`;
    const nowMs = this.#clock.monotonic();
    const known = this.#kept.get(id);
    if (known !== undefined && nowMs - known.atMs < keptMs) return known.report;
    for (const [old, { atMs }] of this.#kept) if (nowMs - atMs >= keptMs) this.#kept.delete(old);
    const report = this.#ask(key);
    if (this.#kept.size < maxKept) this.#kept.set(id, { atMs: nowMs, report });
    return report;
  }

  async #ask(key: ReportKey): Promise<TrafficReport> {
    // Nobody's own signal ends it: others may wait for it. The servers have a deadline.
    const measurement = await this.#measure({ ...key, includeIdle: true }, new AbortController().signal);
    const { complete, problem } = measurement;
    if (!complete) throw new GantryError('ServiceUnavailable', `the statistics of Envoys are not complete: ${problem}`);
    return { measurement, timestampMs: this.#clock.now() };
  }
}
