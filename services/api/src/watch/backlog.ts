/**
 * A bounded queue between one producer that never waits and one consumer that does. When the consumer is too slow the
 * queue is emptied and ends instead of growing: its owner then knows what was taken, and what has to be read again.
 */
export class Backlog<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #head = 0;
  #failure: unknown;
  #ended = false;
  #overflowed = false;
  #taken: T | undefined;
  #wake: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True once more items waited than there is room for: they were given up. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The last item that the consumer took. */
  get taken(): T | undefined {
    return this.#taken;
  }

  /** Adds an item; after the end it is dropped. */
  push(item: T): void {
    if (this.#ended) return;
    if (this.#items.length - this.#head >= this.#capacity) {
      this.#overflowed = true;
      this.#items = [];
      this.#head = 0;
      this.end();
      return;
    }
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the queue: with an error the waiting items are given up, without one they are still delivered. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) {
      this.#failure = error;
      this.#items = [];
      this.#head = 0;
    }
    this.#wake?.();
  }

  /** Ends the queue with an error that comes after the waiting items. */
  endAfterItems(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#wake?.();
  }

  get ended(): boolean {
    return this.#ended;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      if (this.#head < this.#items.length) {
        yield this.#take();
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #take(): T {
    const item = this.#items[this.#head]!;
    this.#head++;
    this.#taken = item;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
