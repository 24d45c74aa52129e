/** Average and spread of a quantity over a time. */
export interface DemandSummary {
  /** Seconds that it tells of. */
  readonly seconds: number;
  readonly average: number;
  readonly deviation: number;
  readonly highest: number;
}

/** Integrates a quantity over time: seats that the requests of a level could use. Times are milliseconds of a clock that never steps. */
export class Demand {
  #value = 0;
  #sinceMs: number;
  #elapsedMs = 0;
  #sum = 0;
  #squares = 0;
  #highest = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.#integrate(nowMs);
    this.#value = value;
    if (value > this.#highest) this.#highest = value;
  }

  /** Tells of the time since it was told the last time. */
  take(nowMs: number): DemandSummary {
    this.#integrate(nowMs);
    const [elapsed, sum, squares, highest] = [this.#elapsedMs, this.#sum, this.#squares, this.#highest];
    this.#elapsedMs = this.#sum = this.#squares = 0;
    this.#highest = this.#value;
    if (elapsed <= 0) return { seconds: 0, average: 0, deviation: 0, highest };
    const average = sum / elapsed;
    return {
      seconds: elapsed / 1_000,
      average,
      deviation: Math.sqrt(Math.max(0, squares / elapsed - average * average)),
      highest,
    };
  }

  #integrate(nowMs: number): void {
    const elapsed = nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    this.#elapsedMs += elapsed;
    this.#sum += this.#value * elapsed;
    this.#squares += this.#value * this.#value * elapsed;
  }
}
