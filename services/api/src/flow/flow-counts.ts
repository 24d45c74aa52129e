/** Reason of a refusal, as Kubernetes' metrics name it. */
export type RefusalReason = 'concurrency-limit' | 'queue-full' | 'time-out';

/** Counts observations in ranges, as a histogram of Prometheus has them. Cheaper than one for each request to pay for. */
export class Ranges {
  readonly bounds: readonly number[];
  /** Observations of each range that are in none before; those above all bounds come last. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > this.bounds[index]!) index++;
    this.counts[index]!++;
    this.sum += value;
  }
}

/** Counts the time during which a quantity was in each of several ranges, as Kubernetes' timing histograms do: in nanoseconds. */
export class TimeRanges {
  readonly ranges: Ranges;
  #value = 0;
  #range = 0;
  #sinceMs: number;

  /** @param nowMs Milliseconds of a clock that never steps. */
  constructor(bounds: readonly number[], nowMs: number) {
    this.ranges = new Ranges(bounds);
    this.#sinceMs = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.bringUpTo(nowMs);
    if (value === this.#value) return;
    const { bounds } = this.ranges;
    this.#value = value;
    this.#range = 0;
    while (this.#range < bounds.length && value > bounds[this.#range]!) this.#range++;
  }

  /** Counts the time since the last change. */
  bringUpTo(nowMs: number): void {
    const nanoseconds = (nowMs - this.#sinceMs) * 1e6;
    this.#sinceMs = nowMs;
    this.ranges.counts[this.#range]! += nanoseconds;
    this.ranges.sum += nanoseconds * this.#value;
  }
}

/** Kubernetes' buckets: of seconds, of queues' lengths, of seats, and of watches. */
const secondsBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const lengthBounds = [0, 10, 25, 50, 100, 250, 500, 1_000];
const seatBounds = [1, 2, 4, 8, 16, 32, 64, 100];
const watchBounds = [0, 1, 10, 100, 1_000, 10_000];
/** Buckets of shares: of seats in use, of requests among what there is room for, and of demand among a level's own seats. */
export const seatShareBounds = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
export const requestShareBounds = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];
export const demandShareBounds = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];

/** Numbers of the requests of one flow schema in one priority level. */
export class FlowCounts {
  readonly level: string;
  readonly schema: string;
  inQueue = 0;
  inQueueSeats = 0;
  executing = 0;
  executingSeats = 0;
  dispatched = 0;
  noAccommodation = 0;
  readonly rejected: Record<RefusalReason, number> = { 'concurrency-limit': 0, 'queue-full': 0, 'time-out': 0 };
  readonly queueLength = new Ranges(lengthBounds);
  readonly estimatedSeats = new Ranges(seatBounds);
  readonly watches = new Ranges(watchBounds);
  readonly waitSeconds = { true: new Ranges(secondsBounds), false: new Ranges(secondsBounds) };
  readonly executionSeconds = { regular: new Ranges(secondsBounds), watch: new Ranges(secondsBounds) };

  constructor(level: string, schema: string) {
    this.level = level;
    this.schema = schema;
  }
}
