import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Bounds of lists, in characters of their objects' JSON. */
export interface ListBounds {
  /** Characters of pages that are read and encoded at a time. */
  readonly inWork: number;
  /** Characters of pages that wait for that; a list beyond is refused. */
  readonly waiting: number;
  /** Characters of answers that their callers have not taken yet; beyond it further lists are refused. */
  readonly unsent: number;
}

interface Waiting {
  readonly chars: number;
  readonly start: () => void;
}

const retryAfterMs = 1_000;
/** Longest time that an answer may be unsent, in milliseconds. */
const maxUnsentMs = 60_000;
/** Least price of a list, in characters: for the work that it makes whatever its size. */
const leastPrice = 4_096;
/** Lists whose sizes are remembered. */
const maxPrices = 1_000;

/**
 * A semaphore of characters: bounds lists by the size of their pages and not by their number. Lists wait in order for room,
 * and are refused once the queue is full.
 */
export class ListBudget {
  readonly #bounds: ListBounds;
  readonly #clock: Clock;
  readonly #queue: Waiting[] = [];
  readonly #prices = new Map<string, number>();
  #inWork = 0;
  #waiting = 0;
  #unsent = 0;

  constructor(bounds: ListBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Characters in work, waiting and unsent. */
  get used(): { readonly inWork: number; readonly waiting: number; readonly unsent: number } {
    return { inWork: this.#inWork, waiting: this.#waiting, unsent: this.#unsent };
  }

  /** The price of a list: the size of its page when it was asked for the last time, or else the largest that a page can have. */
  priceOf(list: string, largest: number): number {
    return this.#prices.get(list) ?? largest;
  }

  /** The size of a list's page when it was asked for the last time; undefined where that is not known. */
  known(list: string): number | undefined {
    return this.#prices.get(list);
  }

  /** Remembers the size of a list's page. */
  learn(list: string, chars: number): void {
    this.#prices.delete(list);
    this.#prices.set(list, Math.max(leastPrice, chars));
    if (this.#prices.size <= maxPrices) return;
    for (const oldest of this.#prices.keys()) {
      this.#prices.delete(oldest);
      return;
    }
  }

  /**
   * Waits for room for a page of about so many characters.
   * @param before The page before, of the same request: it counts as taken from now on, and its successor is not refused.
   * @throws TooManyRequests at once where too much waits or is unsent; the signal's reason when that fires first.
   */
  async reserve(chars: number, signal: AbortSignal, before?: Reservation): Promise<Reservation> {
    signal.throwIfAborted();
    const { inWork, waiting, unsent } = this.#bounds;
    const wanted = Math.min(chars, inWork);
    before?.[Symbol.dispose]();
    const isRefused = this.#waiting + wanted > waiting || this.#unsent > unsent;
    if (isRefused && before === undefined) throw tooManyLists();
    if (this.#queue.length > 0 || this.#inWork + wanted > inWork) await this.#turn(wanted, signal);
    else this.#inWork += wanted;
    return new Reservation(
      () => this.#end(wanted),
      (sent, onLate) => this.#send(sent, onLate, signal),
    );
  }

  #turn(chars: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting -= chars;
        signal.removeEventListener('abort', giveUp);
      };
      const start = (): void => {
        leave();
        this.#inWork += chars;
        resolve();
      };
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        leave();
        reject(signal.reason);
        this.#startNext();
      };
      const waiting: Waiting = { chars, start };
      this.#waiting += chars;
      this.#queue.push(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #end(chars: number): void {
    this.#inWork -= chars;
    this.#startNext();
  }

  #startNext(): void {
    while (this.#queue.length > 0 && this.#inWork + this.#queue[0]!.chars <= this.#bounds.inWork) {
      this.#queue.shift()!.start();
    }
  }

  /** Counts an answer as unsent until it is disposed of, its caller is gone, or it is late. */
  #send(chars: number, onLate: () => void, signal: AbortSignal): Disposable {
    const sent = new AbortController();
    const over = AbortSignal.any([sent.signal, signal]);
    this.#unsent += chars;
    this.#clock
      .sleep(maxUnsentMs, over)
      .then(onLate, () => {})
      .finally(() => {
        this.#unsent -= chars;
      });
    return { [Symbol.dispose]: () => sent.abort() };
  }
}

/** Room for one page. Disposing of it makes the room free. */
export class Reservation implements Disposable {
  readonly #send: (chars: number, onLate: () => void) => Disposable;
  #end: () => void;

  constructor(end: () => void, send: (chars: number, onLate: () => void) => Disposable) {
    this.#end = end;
    this.#send = send;
  }

  /**
   * The page of so many characters is ready. From now on it counts as unsent: until the reservation is disposed of or the
   * caller's signal fires, which a call's does when its answer was taken.
   * @param onLate Called where that takes more than a minute; the page should be given up then.
   */
  answered(chars: number, onLate: () => void = () => {}): void {
    this[Symbol.dispose]();
    const unsent = this.#send(chars, onLate);
    this.#end = () => unsent[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    const end = this.#end;
    this.#end = () => {};
    end();
  }
}

function tooManyLists(): GantryError {
  return new GantryError('TooManyRequests', 'too many lists are under way, please try again later', { retryAfterMs });
}
