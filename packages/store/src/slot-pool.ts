import { tooManyWaiting } from './problems.ts';

/** Numbered slots, each for one user at a time; those who find none wait in order, up to a bound. */
export class SlotPool {
  readonly #free: number[];
  readonly #waiting: ((slot: number) => void)[] = [];
  readonly #mostWaiting: number;

  constructor(slots: number, mostWaiting: number) {
    this.#free = Array.from({ length: slots }, (_, index) => slots - 1 - index);
    this.#mostWaiting = mostWaiting;
  }

  /** Runs the work in a slot. Rejects with TooManyRequests where too many wait already. */
  async use<T>(work: (slot: number) => Promise<T>): Promise<T> {
    const slot = this.#free.pop() ?? (await this.#wait());
    try {
      return await work(slot);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(slot);
      else next(slot);
    }
  }

  #wait(): Promise<number> {
    if (this.#waiting.length >= this.#mostWaiting) throw tooManyWaiting(this.#waiting.length);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
