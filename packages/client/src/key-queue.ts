import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import { BinaryHeap } from '@gantry/runtime/binary-heap.ts';

/** Waits after failures of one key. */
export const keyBackoff: BackoffPolicy = { initialMs: 50, maxMs: 60_000, factor: 2, jitter: 0.1 };

interface Waiting {
  readonly key: string;
  readonly dueMs: number;
}

/**
 * The decisions of a work queue, without time or work: which key is next. A key is waiting for its time,
 * ready or active, and never worked on twice at once; one that is added while active becomes ready when it is done.
 * Holds at most one entry a key, so that the number of objects bounds it.
 */
export class KeyQueue {
  readonly #policy: BackoffPolicy;
  readonly #random: () => number;
  /** In the order in which they became ready. */
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  /** Active keys that were added again meanwhile. */
  readonly #again = new Set<string>();
  readonly #dueMs = new Map<string, number>();
  /** By due time. An entry whose time is not the key's in #dueMs any more is passed over. */
  readonly #heap = new BinaryHeap<Waiting>((left, right) => left.dueMs < right.dueMs);
  readonly #failures = new Map<string, number>();

  constructor(policy: BackoffPolicy = keyBackoff, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Keys that are ready or active. */
  get pending(): number {
    return this.#ready.size + this.#active.size;
  }

  /** Makes a key ready now, whatever time it waited for. */
  add(key: string): void {
    this.#dueMs.delete(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#ready.add(key);
  }

  /** Makes a key ready at a time; where it waits for an earlier one already, that one stays. */
  addAt(key: string, dueMs: number): void {
    const known = this.#dueMs.get(key);
    if (this.#ready.has(key) || this.#again.has(key) || (known !== undefined && known <= dueMs)) return;
    this.#dueMs.set(key, dueMs);
    this.#heap.push({ key, dueMs });
    // Keys that are put off again and again leave entries behind.
    if (this.#heap.size > 64 + 2 * this.#dueMs.size) this.#heap.prune((entry) => this.#isCurrent(entry));
  }

  /** The next key to work on, which is active from now; undefined where none is ready. */
  take(nowMs: number): string | undefined {
    this.#wakeDue(nowMs);
    const [key] = this.#ready;
    if (key === undefined) return undefined;
    this.#ready.delete(key);
    this.#active.add(key);
    return key;
  }

  /** An active key was worked on with success. */
  done(key: string): void {
    this.#failures.delete(key);
    this.#leave(key);
  }

  /**
   * An active key was worked on in vain: it comes again after a wait that grows with each failure in a row, or at once
   * where it was added meanwhile, as what changed may be what was missing. Returns the failures in a row.
   */
  failed(key: string, nowMs: number): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#leave(key);
    this.addAt(key, nowMs + backoffMs(this.#policy, failures, this.#random));
    return failures;
  }

  /** When the next waiting key becomes ready; undefined where none waits. */
  nextDueMs(): number | undefined {
    this.#dropStale();
    return this.#heap.peek()?.dueMs;
  }

  #leave(key: string): void {
    this.#active.delete(key);
    if (this.#again.delete(key)) this.#ready.add(key);
  }

  #wakeDue(nowMs: number): void {
    for (;;) {
      this.#dropStale();
      const first = this.#heap.peek();
      if (first === undefined || first.dueMs > nowMs) return;
      this.add(first.key);
    }
  }

  #dropStale(): void {
    for (let first = this.#heap.peek(); first !== undefined && !this.#isCurrent(first); first = this.#heap.peek()) {
      this.#heap.pop();
    }
  }

  #isCurrent({ key, dueMs }: Waiting): boolean {
    return this.#dueMs.get(key) === dueMs;
  }
}
