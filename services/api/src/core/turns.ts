/** Milliseconds of work after which a long piece of work lets others go first. */
const sliceMs = 5;

/**
 * Shares the event loop between long pieces of work (lists) and everything else. Each of them works for a few milliseconds
 * and then waits for its next turn; one turn is given in each round of the event loop, so that short requests, of which
 * each round takes all that arrived, never wait for more than one slice however many lists are under way.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** A piece of work; its slice begins now. */
  begin(signal: AbortSignal): Turn {
    return new Turn(this, signal);
  }

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#give());
    });
  }

  #give(): void {
    const [first] = this.#waiting;
    // The one whose turn it is stays first until now, so that only one round is asked for at a time.
    this.#waiting.shift();
    first?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#give());
  }
}

/** One piece of work with its present slice. */
export class Turn {
  readonly #turns: Turns;
  readonly #signal: AbortSignal;
  #endMs = performance.now() + sliceMs;

  constructor(turns: Turns, signal: AbortSignal) {
    this.#turns = turns;
    this.#signal = signal;
  }

  /** True when the slice is used up: the work then awaits `next`. Cheap enough to be asked for each object. */
  get isOver(): boolean {
    return performance.now() >= this.#endMs;
  }

  /** Waits for the next slice. Throws the signal's reason where nobody waits for the work any more. */
  async next(): Promise<void> {
    await this.#turns.next();
    this.#signal.throwIfAborted();
    this.#endMs = performance.now() + sliceMs;
  }
}
