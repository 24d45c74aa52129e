import type { Clock } from '@gantry/runtime/clock.ts';

/** Milliseconds by which a stored time may be early: it is a whole second. No wait is shorter than it says. */
const roundingMs = 1000;

/**
 * Waits of one rollout, by the monotonic clock. Times that are stored say how much of a wait is over only where this process sees
 * the wait for the first time: a wall clock that steps by hours neither ends a pause nor makes it last.
 */
export class Waits {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #due = new Map<string, number>();
  #highest = new Map<string, number>();
  #used = new Set<string>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /**
   * Milliseconds that are left of a wait, 0 where it is over.
   *
   * @param id what is waited for; another id is another wait.
   * @param startedMs wall clock at the start of the wait, as it is stored; the present where it starts now.
   * @param nowMs wall clock.
   */
  leftMs(id: string, seconds: number, startedMs: number, nowMs: number): number {
    const waitMs = seconds * 1000;
    const passedMs = Math.min(Math.max(0, nowMs - startedMs - roundingMs), waitMs);
    const due = this.#due.get(id) ?? this.#clock.monotonic() + waitMs - passedMs;
    this.#due.set(id, due);
    this.#used.add(id);
    return Math.max(0, due - this.#clock.monotonic());
  }

  /** The highest value that was given for an id. */
  highest(id: string, value: number): number {
    const highest = Math.max(value, this.#highest.get(id) ?? value);
    this.#highest.set(id, highest);
    this.#used.add(id);
    return highest;
  }

  /** Forgets all that nobody asked for since the last call: no more is kept than one look at a rollout needs. */
  forgetOthers(): void {
    for (const id of this.#due.keys()) if (!this.#used.has(id)) this.#due.delete(id);
    for (const id of this.#highest.keys()) if (!this.#used.has(id)) this.#highest.delete(id);
    this.#used = new Set();
  }
}
