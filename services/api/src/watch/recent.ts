import type { HubChange } from './change.ts';

/** The latest changes, within a bound, so that a watcher that was away for a moment needs no read of the store. */
export class RecentChanges {
  readonly #maxChanges: number;
  readonly #maxChars: number;
  #changes: HubChange[] = [];
  #first = 0;
  #chars = 0;
  #since: number;

  /** @param since Revision after which every change will be added. */
  constructor(since: number, maxChanges = 8_192, maxChars = 16 * 1024 * 1024) {
    this.#since = since;
    this.#maxChanges = maxChanges;
    this.#maxChars = maxChars;
  }

  /** All changes after this revision are here. */
  get since(): number {
    return this.#since;
  }

  add(change: HubChange): void {
    this.#changes.push(change);
    this.#chars += change.chars;
    while (this.#changes.length - this.#first > this.#maxChanges || this.#chars > this.#maxChars) this.#dropFirst();
    if (this.#first > this.#maxChanges) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The changes after a revision that is not before `since`, in order. */
  *after(revision: number): Generator<HubChange> {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#changes.length; i++) yield this.#changes[i]!;
  }

  #dropFirst(): void {
    const dropped = this.#changes[this.#first]!;
    // The slot is emptied at once, the array shortened now and then.
    (this.#changes as (HubChange | undefined)[])[this.#first] = undefined;
    this.#first++;
    this.#chars -= dropped.chars;
    this.#since = dropped.revision;
  }
}
