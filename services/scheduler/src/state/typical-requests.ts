import type { Amounts } from '@gantry/model/amounts.ts';
import { resourceNames } from '../requirement.ts';

/** Kinds that are looked at, at most: each costs time for every node that is scored. */
const mostKinds = 16;
/** The list is made anew when so many pods came, and half as many as there were. */
const leastNews = 64;

/** Pods that ask for the same amounts, and how many there are. */
export interface Population {
  readonly requests: Amounts;
  readonly pods: number;
}

/**
 * What pods typically ask for: the kinds that make up most of the demand, whatever else the pods ask for. It changes
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

  /** What each kind asks for. */
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
    for (const [key, { requests, pods }] of this.#kinds) {
      populations.set(key, { requests, pods: Math.max(pods / 2, populations.get(key)?.pods ?? 0) });
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

/** The kinds with the largest shares of what all ask for, each by the resource of which it asks for most. */
function mostDemanded(populations: ReadonlyMap<string, Population>, count: number): Map<string, Population> {
  const totals = new Map<string, number>();
  for (const { requests, pods } of populations.values()) {
    for (const [name, amount] of requests) totals.set(name, (totals.get(name) ?? 0) + pods * amount);
  }
  const shareOf = ({ requests, pods }: Population): number => {
    let share = 0;
    for (const [name, amount] of requests) {
      // One of a node's pods is what everybody asks for.
      if (name !== resourceNames.pods) share = Math.max(share, (pods * amount) / Math.max(1, totals.get(name)!));
    }
    return share;
  };
  const shares = new Map([...populations].map(([key, population]) => [key, shareOf(population)]));
  const byShare = [...populations].sort(([left], [right]) => shares.get(right)! - shares.get(left)!);
  return new Map(byShare.slice(0, count));
}

function keyOf(requests: Amounts): string {
  return JSON.stringify([...requests].sort(([left], [right]) => (left < right ? -1 : 1)));
}
