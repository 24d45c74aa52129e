import type { Entry, ListOptions } from './store.ts';

/** The entries of one page of a list, up to its bounds. */
export class PageBuilder {
  readonly entries: Entry[] = [];
  readonly #limit: number;
  readonly #maxChars: number;
  #chars = 0;

  constructor({ limit = Number.POSITIVE_INFINITY, maxChars = Number.POSITIVE_INFINITY }: Partial<ListOptions>) {
    this.#limit = limit;
    this.#maxChars = maxChars;
  }

  /** Entries that still go in, at least 0. */
  get entriesLeft(): number {
    return Math.max(0, this.#limit - this.entries.length);
  }

  /** Characters of values that still go in, at least 0. */
  get charsLeft(): number {
    return Math.max(0, this.#maxChars - this.#chars);
  }

  /** True once one of the bounds is reached: whatever follows belongs to the next page. */
  get isFull(): boolean {
    return this.entriesLeft === 0 || this.charsLeft === 0;
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    this.#chars += entry.value.length;
  }
}
