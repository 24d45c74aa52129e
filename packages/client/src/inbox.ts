/**
 * A bounded queue between a producer that never waits and one consumer that does. When it is full everything in it is
 * given up and `overflow` goes in its place: what is lost is known to be lost.
 */
export class Inbox<T> {
  readonly #capacity: number;
  readonly #overflow: T;
  #items: T[] = [];
  #head = 0;
  #wake: (() => void) | undefined;
  #closed: { readonly reason: unknown } | undefined;

  constructor(capacity: number, overflow: T) {
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  push(item: T): void {
    if (this.#items.length - this.#head >= this.#capacity) {
      this.#items = [this.#overflow];
      this.#head = 0;
    } else this.#items.push(item);
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
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
