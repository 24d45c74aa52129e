import { GantryError } from '@gantry/runtime/errors.ts';
import type { ResourceRoute } from './route.ts';

/** Requests of one kind in work at one time. */
export interface InFlightBounds {
  readonly reading: number;
  readonly writing: number;
  /** Watches are counted by the hub, and streams of pods by their proxy: what is left is logs and proxied requests. */
  readonly long: number;
}

/** The kind of a request, as its bound goes by it. */
export type Lane = keyof InFlightBounds;

const longSubresources = ['attach', 'exec', 'log', 'portforward', 'proxy'];

/** The lane of a request for a resource. */
export function laneOf({ verb, subresource }: Pick<ResourceRoute, 'verb' | 'subresource'>): Lane {
  if (verb === 'watch' || longSubresources.includes(subresource)) return 'long';
  return verb === 'get' || verb === 'list' ? 'reading' : 'writing';
}

/** Counts requests in work, and refuses what is too many: clients try again. */
export class InFlight {
  readonly #bounds: InFlightBounds;
  readonly #used: Record<Lane, number> = { reading: 0, writing: 0, long: 0 };

  constructor(bounds: InFlightBounds) {
    this.#bounds = bounds;
  }

  /** Takes a place, to be disposed of. Throws TooManyRequests where there is none. */
  enter(lane: Lane): Disposable {
    if (this.#used[lane] >= this.#bounds[lane]) {
      throw new GantryError('TooManyRequests', 'Too many requests, please try again later.', { retryAfterMs: 1_000 });
    }
    this.#used[lane]++;
    return { [Symbol.dispose]: () => void this.#used[lane]-- };
  }
}
