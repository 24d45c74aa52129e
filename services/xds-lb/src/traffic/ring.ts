/** Counts of the last minutes, in a ring of buckets of equal length: bounded, whatever comes. */
import { latencyBoundsMs } from './sink.ts';

/** Milliseconds that a bucket is about. */
export const bucketMs = 10_000;
/** Buckets, so that 15 minutes are kept beside the one that is under way. */
const bucketCount = 91;

/** A number for each bound, and one for those above. */
const latencyCells = latencyBoundsMs.length + 1;
/** Requests, errors, the sum of latencies and that of what was under way come first. */
const firstCells = 4;
const cells = firstCells + latencyCells;

/** Counts of a time. */
export interface Counts {
  readonly requests: number;
  readonly errors: number;
  /** Sum of all latencies in milliseconds. */
  readonly latencyMs: number;
  /** Requests under way times the milliseconds for which they were. */
  readonly activeMs: number;
  /** Empty where no latency was counted. */
  readonly latencies: readonly number[];
}

/** One ring. Times are of the monotonic clock, in milliseconds. */
export class Ring {
  readonly #cells = new Float64Array(cells * bucketCount);
  /** Number of the time that each bucket is about; -1 for none. */
  readonly #times = new Float64Array(bucketCount).fill(-1);
  readonly #totals = new Float64Array(cells);
  #lastMs = 0;

  /** When something was added last. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** All that was ever added. */
  get totals(): Counts {
    return toCounts(this.#totals);
  }

  add({ requests, errors, latencyMs, activeMs, latencies }: Counts, nowMs: number): void {
    const start = this.#bucketAt(Math.floor(nowMs / bucketMs)) * cells;
    this.#lastMs = nowMs;
    const put = (cell: number, count: number): void => {
      this.#cells[start + cell]! += count;
      this.#totals[cell]! += count;
    };
    put(0, requests);
    put(1, errors);
    put(2, latencyMs);
    put(3, activeMs);
    latencies.forEach((count, i) => {
      put(firstCells + i, count);
    });
  }

  /** Counts of the last milliseconds, those of the whole bucket in which the window begins included. */
  sum(windowMs: number, nowMs: number): Counts {
    const sums = new Float64Array(cells);
    const from = firstBucket(windowMs, nowMs);
    this.#times.forEach((time, bucket) => {
      if (time < from || time < 0) return;
      for (let cell = 0; cell < cells; cell++) sums[cell]! += this.#cells[bucket * cells + cell]!;
    });
    return toCounts(sums);
  }

  /** The bucket of a time, emptied where it was about an earlier one. */
  #bucketAt(time: number): number {
    const bucket = time % bucketCount;
    if (this.#times[bucket] !== time) {
      this.#cells.fill(0, bucket * cells, (bucket + 1) * cells);
      this.#times[bucket] = time;
    }
    return bucket;
  }
}

/** Milliseconds that the reports of one Envoy are about, by bucket. */
export class Coverage {
  readonly #ms = new Float64Array(bucketCount);
  readonly #times = new Float64Array(bucketCount).fill(-1);

  add(coveredMs: number, nowMs: number): void {
    const time = Math.floor(nowMs / bucketMs);
    const bucket = time % bucketCount;
    if (this.#times[bucket] !== time) this.#ms[bucket] = 0;
    this.#times[bucket] = time;
    this.#ms[bucket]! += coveredMs;
  }

  /** Those of the buckets that a ring sums up for the same window. */
  sum(windowMs: number, nowMs: number): number {
    const from = firstBucket(windowMs, nowMs);
    return this.#ms.reduce((sum, ms, bucket) => (this.#times[bucket]! >= Math.max(0, from) ? sum + ms : sum), 0);
  }
}

/** When the bucket begins in which a window begins: all of it counts. */
export function startOfSum(windowMs: number, nowMs: number): number {
  return firstBucket(windowMs, nowMs) * bucketMs;
}

function firstBucket(windowMs: number, nowMs: number): number {
  return Math.floor((nowMs - windowMs) / bucketMs);
}

function toCounts(sums: Float64Array): Counts {
  const [requests = 0, errors = 0, latencyMs = 0, activeMs = 0, ...latencies] = sums;
  return { requests, errors, latencyMs, activeMs, latencies: latencies.some((count) => count > 0) ? latencies : [] };
}
