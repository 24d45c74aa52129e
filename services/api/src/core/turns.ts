/** Milliseconds of work after which a long piece of work lets others go first. */
const sliceMs = 5;

/**
 * Shares the event loop between long tasks (lists) and short requests. A task works for one slice of time and then waits
 * for its next turn. Each round of the event loop gives one turn and serves all requests that have arrived, so that a
 * request waits for one slice, however many lists are under way.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Begins a task with its first slice. */
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
    this.#waiting.shift();
    first?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#give());
  }
}

/** A task with its present slice. */
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

  /** Waits for the next slice. Throws the signal's reason if it has fired. */
  async next(): Promise<void> {
    await this.#turns.next();
    this.#signal.throwIfAborted();
    this.#endMs = performance.now() + sliceMs;
  }
}
