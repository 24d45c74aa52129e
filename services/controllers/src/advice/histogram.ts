/** The ranges into which amounts are sorted: each is a twentieth wider than the one before it. */
export interface Buckets {
  /** Width of the first. */
  readonly first: number;
  /** How much wider each is than the one before it. */
  readonly ratio: number;
  readonly count: number;
}

/** Widths grow by 5 %, which bounds the error of what is read from a histogram. */
const ratio = 1.05;
/** Buckets with less than this part of all weight count as empty. */
const leastShare = 1e-4;
/** Weights of new samples grow by this power of two at most before all are scaled down. */
const maxDoublings = 100;
/** Shares of buckets are kept in so many parts. */
const parts = 10_000;

/** Buckets from nothing to `most`, the first of them of the width `first`. */
export function bucketsTo(most: number, first: number): Buckets {
  const count = Math.ceil(Math.log((most * (ratio - 1)) / first + 1) / Math.log(ratio)) + 1;
  return { first, ratio, count };
}

/** The bucket of an amount. */
export function bucketOf({ first, ratio: growth, count }: Buckets, amount: number): number {
  if (!(amount >= first)) return 0;
  const index = Math.floor(Math.log((amount * (growth - 1)) / first + 1) / Math.log(growth) + 1e-9);
  return Math.min(count - 1, index);
}

/** The least amount of a bucket; that of the next is where it ends. */
export function startOf({ first, ratio: growth }: Buckets, bucket: number): number {
  return (first * (growth ** bucket - 1)) / (growth - 1);
}

/**
 * A distribution in which samples lose half of their weight in each half-life. Rather than making the old ones lighter, it makes new ones heavier,
 * so that adding one costs the same however many there are.
 */
export class DecayingHistogram {
  readonly #buckets: Buckets;
  readonly #halfLifeMs: number;
  readonly #weights: Float64Array;
  #total = 0;
  /** The time of which a sample has its plain weight. */
  #referenceMs = 0;

  constructor(buckets: Buckets, halfLifeMs: number) {
    this.#buckets = buckets;
    this.#halfLifeMs = halfLifeMs;
    this.#weights = new Float64Array(buckets.count);
  }

  get isEmpty(): boolean {
    return this.#total <= 0;
  }

  /** Adds a sample of a time. */
  add(amount: number, weight: number, atMs: number): void {
    const decayed = weight * this.#factor(atMs);
    const bucket = bucketOf(this.#buckets, amount);
    this.#weights[bucket]! += decayed;
    this.#total += decayed;
  }

  /** Takes a sample back that was added with the same amount, weight and time. */
  take(amount: number, weight: number, atMs: number): void {
    const bucket = bucketOf(this.#buckets, amount);
    const decayed = Math.min(this.#weights[bucket]!, weight * this.#factor(atMs));
    this.#weights[bucket]! -= decayed;
    this.#total = Math.max(0, this.#total - decayed);
  }

  /** The amount that this part (0 to 1) of all weight does not exceed: the end of its bucket. 0 where it is empty. */
  percentile(part: number): number {
    if (this.isEmpty) return 0;
    const least = this.#total * leastShare;
    let last = 0;
    let sum = 0;
    for (let bucket = 0; bucket < this.#weights.length; bucket++) {
      const weight = this.#weights[bucket]!;
      if (weight < least) continue;
      last = bucket;
      sum += weight;
      if (sum >= part * this.#total - least) break;
    }
    return startOf(this.#buckets, Math.min(last + 1, this.#buckets.count - 1));
  }

  /** The distribution as text. */
  toText(): string {
    if (this.isEmpty) return '';
    const most = Math.max(...this.#weights);
    const shares = [...this.#weights].flatMap((weight, bucket) => {
      const share = Math.round((weight / most) * parts);
      return share === 0 ? [] : [`${bucket}:${share}`];
    });
    return [Math.round(this.#referenceMs), this.#total, ...shares].join(' ');
  }

  /** Takes the distribution from a text; leaves it empty where that is none. */
  read(text: string): void {
    const [reference, total, ...shares] = text.split(' ');
    const read = shares.map((share) => share.split(':').map(Number) as [number, number]);
    const sum = read.reduce((all, [, share]) => all + share, 0);
    const isWrong = ([bucket, share]: [number, number]): boolean =>
      !(Number.isInteger(bucket) && bucket >= 0 && bucket < this.#weights.length && share > 0);
    if (
      !(Number(total) > 0 && Number.isFinite(Number(total)) && Number(reference) >= 0 && sum > 0) ||
      read.some(isWrong)
    ) {
      return;
    }
    this.#weights.fill(0);
    for (const [bucket, share] of read) this.#weights[bucket] = (share / sum) * Number(total);
    this.#total = Number(total);
    this.#referenceMs = Number(reference);
  }

  #factor(atMs: number): number {
    if (this.#referenceMs === 0 || this.isEmpty) this.#referenceMs = atMs;
    const doublings = (atMs - this.#referenceMs) / this.#halfLifeMs;
    if (doublings <= maxDoublings) return 2 ** doublings;
    // All weights are scaled down together, which changes no share.
    const whole = Math.round(doublings);
    const scale = 2 ** -whole;
    for (let bucket = 0; bucket < this.#weights.length; bucket++) this.#weights[bucket]! *= scale;
    this.#total *= scale;
    this.#referenceMs += whole * this.#halfLifeMs;
    return 2 ** ((atMs - this.#referenceMs) / this.#halfLifeMs);
  }
}
