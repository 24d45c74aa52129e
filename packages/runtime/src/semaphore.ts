import { GantryError } from './errors.ts';

/** At most so many holders at one time; others wait in order. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(holders: number) {
    this.#free = holders;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves with the slot, to be disposed of. Rejects where the signal fires first, with its reason where that is a
   * GantryError, else with Cancelled.
   */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    if (signal?.aborted) throw reasonOf(signal);
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    return { [Symbol.dispose]: () => this.#release() };
  }

  /** Runs `work` in a slot; rejects as `acquire` does. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    using _slot = await this.acquire(signal);
    return await work();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(reasonOf(signal!));
      };
      this.#waiting.push(take);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

function reasonOf({ reason }: AbortSignal): GantryError {
  if (reason instanceof GantryError) return reason;
  return new GantryError('Cancelled', 'the request was cancelled', { cause: reason });
}
