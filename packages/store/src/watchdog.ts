import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';

/** Milliseconds between two looks. */
const everyMs = 2_000;

/** Looks now and then whether the store is still sound, and says so when that changes. */
export class Watchdog implements AsyncDisposable {
  readonly #check: () => Promise<string | undefined>;
  readonly #clock: Clock;
  readonly #log: Logger | undefined;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #problem: string | undefined;

  /** @param check Resolves with the problem in a sentence, or with undefined. A rejection changes nothing. */
  constructor(check: () => Promise<string | undefined>, clock: Clock, log?: Logger) {
    this.#check = check;
    this.#clock = clock;
    this.#log = log;
    this.#running = this.#run(this.#stop.signal);
  }

  /** The problem that the last look found; undefined where it found none. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(everyMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        this.#take(await this.#check());
      } catch (error) {
        this.#log?.debug({ error }, 'the store could not be looked after');
      }
    }
  }

  #take(problem: string | undefined): void {
    const before = this.#problem;
    this.#problem = problem;
    if (problem !== undefined && before === undefined) this.#log?.error(`writes are refused: ${problem}`);
    if (problem === undefined && before !== undefined) this.#log?.info('writes are accepted again');
  }
}
