import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Binder } from './binder.ts';
import type { CycleResult } from './decisions.ts';
import type { Scheduler } from './scheduler.ts';

/** Alternates between hearing of changes and deciding, while there is something to decide; otherwise it sleeps. */
export class SchedulingLoop {
  readonly #scheduler: Scheduler;
  readonly #binder: Binder;
  readonly #clock: Clock;
  readonly #onCycle: (result: CycleResult, seconds: number) => void;
  #woken = Promise.withResolvers<void>();

  /** @param onCycle Told of each cycle, and of the seconds that it took to decide. */
  constructor(
    scheduler: Scheduler,
    binder: Binder,
    clock: Clock,
    onCycle: (result: CycleResult, seconds: number) => void,
  ) {
    this.#scheduler = scheduler;
    this.#binder = binder;
    this.#clock = clock;
    this.#onCycle = onCycle;
  }

  /** Something changed. */
  wake(): void {
    this.#woken.resolve();
  }

  /** Runs until the signal fires; then waits for what is under way. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.wake(), { once: true });
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers();
      if (this.#scheduler.hasWork(this.#clock.now())) {
        await this.#binder.ready();
        if (signal.aborted) break;
        this.decide(signal);
        // Lets what happened meanwhile in, so that the next batch is decided on it, and is larger.
        await nextTurn();
      } else {
        await this.#sleep(signal);
      }
    }
    await this.#binder.settled();
  }

  /** One cycle, and the calls that it leads to. */
  decide(signal: AbortSignal): void {
    const startedMs = performance.now();
    const result = this.#scheduler.cycle(this.#clock.now());
    this.#onCycle(result, (performance.now() - startedMs) / 1_000);
    const { placements, evictions, waiting } = result;
    this.#binder.bind(placements, signal);
    this.#binder.evict(evictions, signal);
    this.#binder.report(waiting, signal);
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const dueMs = this.#scheduler.queue.nextDueMs();
    if (dueMs === undefined) return this.#woken.promise;
    const timer = new AbortController();
    const alarm = this.#clock.sleep(Math.max(1, dueMs - this.#clock.now()), AbortSignal.any([signal, timer.signal]));
    await Promise.race([this.#woken.promise, alarm.catch(() => {})]);
    timer.abort();
  }
}
