import { GantryError } from '@gantry/runtime/errors.ts';

/** At most so many pieces of work at once; the others wait in order. */
export class Slots {
  #free: number;
  readonly #waiting: { readonly go: () => void }[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs `work` once there is a free slot. Rejects with Cancelled where the signal fires while it waits. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#give();
    }
  }

  #take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(new GantryError('Cancelled', 'the request was cancelled'));
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(new GantryError('Cancelled', 'the request was cancelled'));
      };
      const entry = {
        go: () => {
          signal.removeEventListener('abort', cancel);
          resolve();
        },
      };
      this.#waiting.push(entry);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.go();
  }
}
