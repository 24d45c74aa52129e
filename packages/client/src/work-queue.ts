import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { KeyQueue, keyBackoff } from './key-queue.ts';

interface Outcome {
  readonly afterMs?: number | undefined;
  readonly restMs?: number | undefined;
}

/** Settings of a work queue. */
export interface WorkQueueOptions {
  /**
   * Works on one key. Rejecting makes the key come again after a wait that grows with each failure in a row; resolving
   * with `afterMs` makes it come again after that time. A key rests for `restMs`: whatever adds it meanwhile, it is not worked on earlier.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most workers return nothing.
  readonly work: (key: string, signal: AbortSignal) => Promise<void | Outcome>;
  /** Keys that are worked on at a time; 1 by default. */
  readonly concurrency?: number;
  /** Hears of each failure, with the number of failures in a row and the wait it led to. */
  readonly onError: (error: unknown, key: string, failures: number) => void;
  readonly backoff?: BackoffPolicy;
  readonly clock?: Clock;
  /** Numbers from 0 to below 1 for the jitter of waits; Math.random by default. */
  readonly random?: () => number;
}

/**
 * Works on keys, each at most once at a time however often it was added: the loop around KeyQueue. Disposing of it
 * aborts the work under way and waits for it.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  readonly #keys: KeyQueue;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Keys that rest. They take no place among those that are worked on. */
  readonly #resting = new Set<Promise<void>>();
  #alarm: { readonly dueMs: number; readonly cancel: () => void } | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#keys = new KeyQueue(options.backoff ?? keyBackoff, options.random);
  }

  /** Keys that are ready or being worked on; those that wait for their time are not counted. */
  get pending(): number {
    return this.#keys.pending;
  }

  /** Has a key worked on soon. */
  add(key: string): void {
    this.#keys.add(key);
    this.#pump();
  }

  /** Has a key worked on in `ms` milliseconds, or earlier where it waits for an earlier time. */
  addAfter(key: string, ms: number): void {
    this.#keys.addAt(key, this.#clock.monotonic() + ms);
    this.#pump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the work queue was stopped', 'AbortError'));
    this.#alarm?.cancel();
    await Promise.all(this.#running);
    await Promise.all(this.#resting);
  }

  /** Starts as much work as may run, and sees to being called again when the next key is due. */
  #pump(): void {
    if (this.#stop.signal.aborted) return;
    while (this.#running.size < (this.#options.concurrency ?? 1)) {
      const key = this.#keys.take(this.#clock.monotonic());
      if (key === undefined) break;
      const run = this.#run(key).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
    this.#setAlarm();
  }

  async #run(key: string): Promise<void> {
    const { work, onError } = this.#options;
    try {
      // In a turn of its own: work never runs inside the call that added its key.
      await Promise.resolve();
      const { afterMs, restMs = 0 } = (await work(key, this.#stop.signal)) ?? {};
      if (restMs > 0) this.#rest(key, restMs);
      else this.#keys.done(key);
      if (afterMs !== undefined) this.#keys.addAt(key, this.#clock.monotonic() + afterMs);
    } catch (error) {
      const failures = this.#keys.failed(key, this.#clock.monotonic());
      if (!this.#stop.signal.aborted) onError(error, key, failures);
    }
  }

  /** Leaves a key active for a while: whoever adds it finds it taken. */
  #rest(key: string, ms: number): void {
    const rest = this.#clock
      .sleep(ms, this.#stop.signal)
      .catch(() => {})
      .then(() => {
        this.#resting.delete(rest);
        this.#keys.done(key);
        this.#pump();
      });
    this.#resting.add(rest);
  }

  #setAlarm(): void {
    const dueMs = this.#keys.nextDueMs();
    // One that rings too early costs a look at the queue; to set it anew for each key that comes and goes costs far more.
    if (dueMs === undefined || (this.#alarm !== undefined && this.#alarm.dueMs <= dueMs)) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    const cancelled = new AbortController();
    const alarm = { dueMs, cancel: () => cancelled.abort() };
    this.#alarm = alarm;
    const sleep = this.#clock.sleep(Math.max(0, dueMs - this.#clock.monotonic()), cancelled.signal);
    const ring = (): void => {
      if (this.#alarm === alarm) this.#alarm = undefined;
      this.#pump();
    };
    sleep.then(ring, () => {});
  }
}
