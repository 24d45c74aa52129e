import type { Amounts } from '@gantry/model/amounts.ts';
import { resourceNames } from '../requirement.ts';

/** Kinds that are looked at, at most: each costs time for every node that is scored. */
const mostKinds = 16;
/** The list is made anew when so many pods came, and half as many as there were. */
const leastNews = 64;

/** A kind is forgotten when fewer than so many pods of it are remembered. */
const forgotten = 1 / 16;

/** Pods that ask for the same amounts, and how many there are. */
export interface Population {
  readonly requests: Amounts;
  readonly pods: number;
}

/**
 * Typical requests: the kinds of pods that make up most of the demand, and the largest. The set changes
 * seldom, as all that is derived from it must then be derived anew.
 */
export class TypicalRequests {
  /** Grows whenever the list changes. */
  version = 0;
  #kinds = new Map<string, Population>();
  #arrivals = 0;
  #nextAt = leastNews;
  readonly #maxKinds: number;

  constructor(maxKinds = mostKinds) {
    this.#maxKinds = maxKinds;
  }

  /** Requests by kind. */
  get list(): readonly Amounts[] {
    return [...this.#kinds.values()].map(({ requests }) => requests);
  }

  /** Pods of a new class are there. As long as there is place, the list takes every kind at once. */
  add(requests: Amounts): void {
    const key = keyOf(requests);
    if (this.#kinds.size >= this.#maxKinds || this.#kinds.has(key)) return;
    this.#kinds.set(key, { requests, pods: 0 });
    this.version++;
  }

  /** A pod came. True where enough did for the list to be made anew. */
  arrived(): boolean {
    return ++this.#arrivals >= this.#nextAt;
  }

  /**
   * Makes the list anew. Kinds of which there are fewer pods than the last time are forgotten by halves.
   * @param present All pods that are there now.
   */
  refresh(present: Iterable<Population>): void {
    const populations = new Map<string, Population>();
    let total = 0;
    for (const { requests, pods } of present) {
      const key = keyOf(requests);
      populations.set(key, { requests, pods: pods + (populations.get(key)?.pods ?? 0) });
      total += pods;
    }
    for (const [key, { requests, pods: before }] of this.#kinds) {
      const pods = Math.max(before / 2, populations.get(key)?.pods ?? 0);
      if (pods >= forgotten) populations.set(key, { requests, pods });
    }
    const kinds = mostDemanded(populations, this.#maxKinds);
    const isSame = kinds.size === this.#kinds.size && [...kinds.keys()].every((key) => this.#kinds.has(key));
    // In the order of before, so that sums come out the same.
    this.#kinds = isSame ? new Map([...this.#kinds.keys()].map((key) => [key, kinds.get(key)!])) : kinds;
    if (!isSame) this.version++;
    this.#arrivals = 0;
    this.#nextAt = Math.max(leastNews, total / 2);
  }
}

/**
 * Half of the kinds are those of which one pod asks for most: rare as they may be, they are the first to find no place.
 * The others are those that together ask for most. What counts is the resource of which a kind asks for the largest share.
 */
function mostDemanded(populations: ReadonlyMap<string, Population>, count: number): Map<string, Population> {
  const totals = new Map<string, number>();
  for (const { requests, pods } of populations.values()) {
    for (const [name, amount] of requests) totals.set(name, (totals.get(name) ?? 0) + pods * amount);
  }
  const kinds = [...populations].map(([key, population]) => {
    const size = sizeOf(population.requests, totals);
    return { key, population, size, demand: size * population.pods };
  });
  const chosen = new Map<string, Population>();
  const take = (order: typeof kinds, until: number): void => {
    for (const { key, population } of order) if (chosen.size < until) chosen.set(key, population);
  };
  take(
    kinds.toSorted((left, right) => right.size - left.size),
    Math.floor(count / 2),
  );
  take(
    kinds.toSorted((left, right) => right.demand - left.demand),
    count,
  );
  return chosen;
}

function sizeOf(requests: Amounts, totals: ReadonlyMap<string, number>): number {
  let size = 0;
  for (const [name, amount] of requests) {
    // One of a node's pods is what everybody asks for.
    if (name !== resourceNames.pods) size = Math.max(size, amount / Math.max(1, totals.get(name)!));
  }
  return size;
}

function keyOf(requests: Amounts): string {
  return JSON.stringify([...requests].sort(([left], [right]) => (left < right ? -1 : 1)));
}
