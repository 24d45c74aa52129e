import { setTimeout as delay } from 'node:timers/promises';

/** Time as an argument, so that no test waits for it. */
export interface Clock {
  /** Wall clock: milliseconds since the Unix epoch. For times that are stored or shown; it may step either way. */
  now(): number;
  /** Monotonic clock: milliseconds since some fixed moment. For deadlines, leases, ages and intervals; it never steps. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with an AbortError when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal ? { signal } : {});
  },
};

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is advanced. Its wall clock can step apart from its monotonic one. */
export class FakeClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper: Sleeper = { atMs: this.#monotonicMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Moves both clocks forward and wakes the sleepers that are due, in order. */
  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.atMs <= this.#monotonicMs).sort((a, b) => a.atMs - b.atMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.atMs > this.#monotonicMs);
    for (const sleeper of due) sleeper.wake();
  }

  /** Steps the wall clock alone, forward or (negative) back, as NTP or an administrator does. Wakes nobody. */
  stepWall(ms: number): void {
    this.#nowMs += ms;
  }
}
