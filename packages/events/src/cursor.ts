/** Meaning of a message for a consumer. */
export type Verdict =
  /** Known already, or from a relay that was replaced: leave it. */
  | 'old'
  /** The next change: take it. */
  | 'next'
  /** Something before it was missed: read the state from the api. */
  | 'gap'
  /** Nothing was missed. */
  | 'complete';

/**
 * Position of a consumer in the changes of one space, which is a resource. It holds one fact: every change of the space up
 * to `revision` is known.
 */
export class ChangeCursor {
  #revision = 0;
  #epoch = 0;
  #history: number | undefined;

  /** Every change of the space up to here is known. */
  get revision(): number {
    return this.#revision;
  }

  /** The state as of this revision was read from the api. */
  readTo(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /**
   * A change arrived. `next` moves the cursor to it; `gap` leaves the cursor where it is.
   * @param previous Revision of the change before it in this space.
   */
  change(message: { readonly epoch: number; readonly revision: number }, previous: number): Verdict {
    if (this.#isStale(message.epoch) || message.revision <= this.#revision) return 'old';
    if (previous > this.#revision) return 'gap';
    this.#revision = message.revision;
    return 'next';
  }

  /**
   * The relay says that `last` is the space's last change, and that everything up to `through` was published: nothing
   * changed in between, so the cursor moves to `through`.
   */
  progress(epoch: number, last: number, through: number = last): Verdict {
    if (this.#isStale(epoch)) return 'old';
    if (last > this.#revision) return 'gap';
    this.#revision = Math.max(this.#revision, through);
    return 'complete';
  }

  /**
   * The relay says which line of revisions it tells of. True where that is another than before: the cursor then stands at
   * the beginning, and the state must be read.
   */
  isNewHistory(epoch: number, history: number): boolean {
    if (this.#isStale(epoch)) return false;
    const isNew = this.#history !== undefined && this.#history !== history;
    this.#history = history;
    if (isNew) this.#revision = 0;
    return isNew;
  }

  #isStale(epoch: number): boolean {
    this.#epoch = Math.max(this.#epoch, epoch);
    return epoch < this.#epoch;
  }
}
