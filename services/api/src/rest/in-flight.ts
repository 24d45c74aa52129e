import { GantryError } from '@gantry/runtime/errors.ts';
import type { Route } from './route.ts';

const longSubresources = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/** Whether a request goes on for as long as its client wants: it then takes no seats, but for the beginning of a watch. */
export function isLong(route: Route): boolean {
  return route.type === 'resource' && (route.verb === 'watch' || longSubresources.includes(route.subresource));
}

/** Counts long requests, and refuses what is too many: clients try again. */
export class LongRequests {
  readonly #most: number;
  #open = 0;

  /** @param most Watches are counted by the hub, and streams of pods by their proxy: what is left is logs and proxied requests. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a request until it is disposed of. Throws TooManyRequests where there are too many. */
  enter(): Disposable {
    if (this.#open >= this.#most) {
      throw new GantryError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterMs: 1_000 });
    }
    this.#open++;
    return { [Symbol.dispose]: () => void this.#open-- };
  }
}
