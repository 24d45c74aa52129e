/** Longest time that a client is told to wait, in seconds: Kubernetes' bound. */
const maxSeconds = 32;

interface Second {
  readonly second: number;
  readonly refused: number;
}

/**
 * Seconds after which refused clients of one level are told to come again: doubled while many are refused, and shortened one by
 * one once few are, at most once a second.
 */
export class RetryAfter {
  #seconds = 1;
  #doubledAt = 0;
  #current: Second = { second: 0, refused: 0 };
  #history: Second[] = [];

  /** Counts one refusal, and returns what its client is told. @param nowMs Milliseconds of a clock that never steps. */
  refuse(nowMs: number): number {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#current.second) {
      this.#current = { second, refused: this.#current.refused + 1 };
      return this.#seconds;
    }
    const oldest = second - Math.min(2 * this.#seconds, maxSeconds);
    this.#history = [...this.#history, this.#current].filter((each) => each.second >= oldest);
    this.#current = { second, refused: 1 };
    this.#adjust(second);
    return this.#seconds;
  }

  #adjust(second: number): void {
    const since = second - this.#seconds;
    const refused = this.#history.reduce((sum, each) => sum + (each.second >= since ? each.refused : 0), 0);
    if (second - this.#doubledAt >= this.#seconds && refused >= 3 * this.#seconds) {
      this.#seconds = Math.min(2 * this.#seconds, maxSeconds);
      this.#doubledAt = second;
    } else if (refused < this.#seconds && this.#seconds > 1) this.#seconds--;
  }
}
