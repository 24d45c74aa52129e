import type { Clock } from '@gantry/runtime/clock.ts';

/** Ticks at fixed times, by the monotonic clock. Of the ticks that passed while nobody waited one is kept, as with Go's Ticker. */
export class Ticker {
  readonly #clock: Clock;
  readonly #periodMs: number;
  #nextAtMs: number;

  /** The first tick is one period from now. */
  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#nextAtMs = clock.monotonic() + periodMs;
  }

  /** Milliseconds until the next tick; 0 or less where it passed. */
  get leftMs(): number {
    return this.#nextAtMs - this.#clock.monotonic();
  }

  /** Resolves at the next tick, at once where one passed since the last call. Rejects when the signal fires. */
  async next(signal: AbortSignal): Promise<void> {
    const { leftMs } = this;
    if (leftMs > 0) await this.#clock.sleep(leftMs, signal);
    else signal.throwIfAborted();
    const passed = Math.floor(Math.max(0, this.#clock.monotonic() - this.#nextAtMs) / this.#periodMs);
    this.#nextAtMs += (passed + 1) * this.#periodMs;
  }
}
