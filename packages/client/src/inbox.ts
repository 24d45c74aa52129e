/** Bounds of what may wait. */
export interface InboxCapacity {
  readonly items: number;
  /** Characters of all items together. */
  readonly chars: number;
}

/**
 * A bounded queue between a producer that never waits and one consumer that does. When it is full everything in it is
 * given up and `overflow` goes in its place: what is lost is known to be lost.
 */
export class Inbox<T> {
  readonly #capacity: InboxCapacity;
  readonly #overflow: T;
  readonly #charsOf: (item: T) => number;
  #items: T[] = [];
  #head = 0;
  #chars = 0;
  #wake: (() => void) | undefined;
  #closed: { readonly reason: unknown } | undefined;

  /** @param charsOf How much of the capacity an item takes beside its place. */
  constructor(capacity: InboxCapacity, overflow: T, charsOf: (item: T) => number) {
    this.#capacity = capacity;
    this.#overflow = overflow;
    this.#charsOf = charsOf;
  }

  push(item: T): void {
    const chars = this.#charsOf(item);
    const isFull =
      this.#items.length - this.#head >= this.#capacity.items || this.#chars + chars > this.#capacity.chars;
    if (isFull) {
      this.#items = [this.#overflow];
      this.#head = 0;
      this.#chars = 0;
    } else {
      this.#items.push(item);
      this.#chars += chars;
    }
    this.#wake?.();
  }

  /** Makes `take` reject with the reason, now and from now on. */
  close(reason: unknown): void {
    this.#closed = { reason };
    this.#wake?.();
  }

  /** The next item where one waits, at once: undefined where none does, or the queue is closed. */
  poll(): T | undefined {
    return this.#closed === undefined && this.#head < this.#items.length ? this.#next() : undefined;
  }

  /** The next item. One call at a time. */
  async take(): Promise<T> {
    for (;;) {
      if (this.#closed) throw this.#closed.reason;
      if (this.#head < this.#items.length) return this.#next();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #next(): T {
    const item = this.#items[this.#head]!;
    this.#head++;
    this.#chars -= this.#charsOf(item);
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
