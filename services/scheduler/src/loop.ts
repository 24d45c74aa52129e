import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BackoffPolicy, backoffMs } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Binder } from './binder.ts';
import type { CycleResult } from './decisions.ts';
import type { Scheduler } from './scheduler.ts';

/** Waits after a turn of the loop that failed. */
const failureBackoff: BackoffPolicy = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0.2 };

/** Receives the events of a scheduling loop. */
export interface LoopObserver {
  /** A cycle was decided, in so many seconds. */
  cycle(result: CycleResult, seconds: number): void;
  /** A turn of the loop threw. The loop goes on after a wait. */
  failed(error: unknown): void;
}

/** Alternates between hearing of changes and deciding, while there is something to decide; otherwise it sleeps. */
export class SchedulingLoop {
  readonly #scheduler: Scheduler;
  readonly #binder: Binder;
  readonly #clock: Clock;
  readonly #observer: LoopObserver;
  #woken = Promise.withResolvers<void>();

  constructor(scheduler: Scheduler, binder: Binder, clock: Clock, observer: LoopObserver) {
    this.#scheduler = scheduler;
    this.#binder = binder;
    this.#clock = clock;
    this.#observer = observer;
  }

  /** Something changed. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Runs until the signal fires; then waits for what is under way. A turn that throws is reported, and another follows. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.wake(), { once: true });
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#turn(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        this.#observer.failed(error);
        await this.#clock.sleep(backoffMs(failureBackoff, ++failures), signal).catch(() => {});
      }
    }
    await this.#binder.settled();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    this.#woken = Promise.withResolvers();
    if (!this.#scheduler.hasWork(this.#clock.monotonic())) return await this.#sleep(signal);
    await this.#binder.ready();
    if (signal.aborted) return;
    this.decide(signal);
    // Lets what happened meanwhile in, so that the next batch is decided on it, and is larger.
    await nextTurn();
  }

  /** One cycle, and the calls that it leads to: whatever else fails, what was decided is carried out. */
  decide(signal: AbortSignal): void {
    const startedMs = performance.now();
    const result = this.#scheduler.cycle(this.#clock.monotonic());
    const seconds = (performance.now() - startedMs) / 1_000;
    const { placements, evictions, waiting } = result;
    this.#binder.bind(placements, signal);
    this.#binder.evict(evictions, signal);
    this.#binder.report(waiting, signal);
    this.#observer.cycle(result, seconds);
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const dueMs = this.#scheduler.queue.nextDueMs();
    if (dueMs === undefined) return await this.#woken.promise;
    const timer = new AbortController();
    const waitMs = Math.max(1, dueMs - this.#clock.monotonic());
    const alarm = this.#clock.sleep(waitMs, AbortSignal.any([signal, timer.signal]));
    await Promise.race([this.#woken.promise, alarm.catch(() => {})]);
    timer.abort();
  }
}
