import type { Clock } from '@gantry/runtime/clock.ts';
import type { Answer, Measured, Measurement } from '../core/measure.ts';

/** Seconds by which statistics of Envoy may be behind: the time between two reports, and one for their way. */
const lagSeconds = 6;
/** Statistics that are kept, in seconds. */
const maxWindowSeconds = 900;
const measureEveryMs = { least: 2_000, most: 60_000 };
/** Milliseconds for which requests wait at Envoy until it has surely reported what was under way before. */
const drainMs = 8_000;
/** Milliseconds for which a report counts that nothing is under way. */
const drainedForMs = 15_000;
/** Milliseconds after which an attempt to go to zero is given up. */
const longestDrainMs = 60_000;
/** Milliseconds for which the word of requests that wait counts; it comes again each five seconds. */
const heldForMs = 15_000;

/** The requests to one Service, as far as this process knows of them. Times are of the monotonic clock. */
export class Activity {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When there was something to do, or may have been, for the last time. */
  #activeMs: number;
  /** Nothing is known of the time before. */
  #floorMs: number;
  #asked: { readonly id: string; readonly atMs: number; readonly windowMs: number } | undefined;
  #count = 0;
  /** The last answer of the present state, and when it was asked for. */
  #last: { readonly isQuiet: boolean; readonly atMs: number } | undefined;
  #held: string | undefined;
  #heldMs = Number.NEGATIVE_INFINITY;
  #drainingMs: number | undefined;
  #drainedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#activeMs = clock.monotonic();
    this.#floorMs = this.#activeMs;
  }

  /** Something is to be done, or may be: the time without requests begins anew. */
  touch(): void {
    this.#floorMs = this.#clock.monotonic();
    this.#activeMs = this.#floorMs;
  }

  /** Takes the time at which requests were last seen to wait. True where some wait now. */
  held(time: string | undefined, isOld: boolean): boolean {
    const nowMs = this.#clock.monotonic();
    if (time === undefined) return false;
    if (time !== this.#held) {
      // The first one that this process sees may be of long ago.
      const isStale = this.#held === undefined && isOld;
      this.#held = time;
      if (!isStale) this.#heldMs = nowMs;
    }
    return nowMs - this.#heldMs < heldForMs;
  }

  /** Milliseconds until the next measurement is due. */
  dueMs(afterMs: number): number {
    const everyMs = Math.min(measureEveryMs.most, Math.max(measureEveryMs.least, afterMs / 4));
    const lastMs = this.#asked?.atMs ?? Number.NEGATIVE_INFINITY;
    return Math.max(
      0,
      lastMs + (this.#drainingMs === undefined ? everyMs : measureEveryMs.least) - this.#clock.monotonic(),
    );
  }

  /** The question that is due. */
  ask(key: string, service: { readonly namespace: string; readonly name: string }, afterMs: number): Measurement {
    this.#count += 1;
    const windowSeconds = Math.min(maxWindowSeconds, Math.ceil(afterMs / 1_000) + lagSeconds);
    const atMs = this.#clock.monotonic();
    this.#asked = { id: `${key}/${this.#count}`, atMs, windowMs: windowSeconds * 1_000 };
    const { namespace, name } = service;
    return {
      id: this.#asked.id,
      questions: [{ type: 'traffic', namespace, service: name, revision: '', windowSeconds }],
    };
  }

  /** Takes the answer. */
  answered({ id, answers }: Measured): void {
    const asked = this.#asked;
    if (asked?.id !== id) return;
    const { atMs, windowMs } = asked;
    if (!isQuiet(answers[0])) {
      this.#activeMs = Math.max(this.#activeMs, atMs);
      // Nobody knows what an answer did not say.
      if (answers[0]?.type !== 'traffic') this.#floorMs = Math.max(this.#floorMs, atMs);
      this.#last = { isQuiet: false, atMs };
      this.#drainedMs = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#last = { isQuiet: true, atMs };
    if (this.#drainingMs === undefined) {
      // The window may have begun as late as that.
      const sinceMs = this.#clock.monotonic() - windowMs;
      this.#activeMs = Math.max(this.#floorMs, Math.min(this.#activeMs, sinceMs));
    } else if (atMs - this.#drainingMs >= drainMs) this.#drainedMs = atMs;
  }

  /** True where no request came for that time, as the last measurement says. */
  isIdle(afterMs: number): boolean {
    return this.#last?.isQuiet === true && this.#last.atMs - this.#activeMs >= afterMs + lagSeconds * 1_000;
  }

  /** True where the last measurement found something to do, or nothing out. */
  get isBusy(): boolean {
    return this.#last?.isQuiet === false;
  }

  /** Says whether requests wait at Envoy because the workloads are about to go. */
  drain(isDraining: boolean): void {
    if (!isDraining) {
      this.#drainingMs = undefined;
      this.#drainedMs = Number.NEGATIVE_INFINITY;
    } else if (this.#drainingMs === undefined) {
      this.#drainingMs = this.#clock.monotonic();
      this.#asked = undefined;
      this.#last = undefined;
    }
  }

  /** True where nothing is under way, and nothing can begin. */
  get isDrained(): boolean {
    return this.#drainingMs !== undefined && this.#clock.monotonic() - this.#drainedMs < drainedForMs;
  }

  get drainsTooLong(): boolean {
    return this.#drainingMs !== undefined && this.#clock.monotonic() - this.#drainingMs > longestDrainMs;
  }
}

/** True for an answer that says that nothing was to do, and nothing is. */
function isQuiet(answer: Answer | undefined): boolean {
  if (answer?.type !== 'traffic') return false;
  const { requests, active } = answer.sample;
  return active === 0 && requests === 0;
}
