import type { Clock } from '@gantry/runtime/clock.ts';

interface Seen {
  readonly stamp: string;
  /** Age of the stamp by the wall clock when it was seen first. */
  readonly ageMs: number;
  readonly sinceMs: number;
}

/**
 * The age of the last progress of rollouts. A stored time is of the wall clock: it is looked at once, and from then on the monotonic clock counts, so that
 * no step of the wall clock lets a rollout fail or wait for hours.
 */
export class ProgressClock {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** By the Deployment's key; no more entries than Deployments. */
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Milliseconds since a stored time. @param nowMs The wall clock. */
  ageMs(key: string, stamp: string, nowMs: number): number {
    const now = this.#clock.monotonic();
    let seen = this.#seen.get(key);
    if (seen?.stamp !== stamp) {
      seen = { stamp, ageMs: Math.max(0, nowMs - Date.parse(stamp)), sinceMs: now };
      this.#seen.set(key, seen);
    }
    return seen.ageMs + now - seen.sinceMs;
  }

  /** Forgets a Deployment that is gone. */
  forget(key: string): void {
    this.#seen.delete(key);
  }
}
