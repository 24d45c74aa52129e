import type { GantryError } from '@gantry/runtime/errors.ts';

/**
 * A bounded queue between one producer that never waits and one consumer that does. When the consumer is too slow the
 * queue ends with an error instead of growing, so that the consumer knows of the loss.
 */
export class Backlog<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #overflow: () => GantryError;
  #items: T[] = [];
  #head = 0;
  #failure: unknown;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param overflow The error that ends the queue when more than `capacity` items wait. */
  constructor(capacity: number, overflow: () => GantryError) {
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  /** Adds an item; after the end it is dropped. */
  push(item: T): void {
    if (this.#ended) return;
    if (this.#items.length - this.#head >= this.#capacity) {
      this.end(this.#overflow());
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
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
