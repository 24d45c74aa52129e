import { scanColumns } from '../solve/resource-scan.ts';
import type { Selection } from '../solve/selection.ts';
import type { ListRequest } from '../solve/solver.ts';
import type { ClusterState } from '../state/cluster.ts';
import {
  claim,
  isMade,
  type ListJobs,
  lead,
  type MadeList,
  makeList,
  newJobs,
  newSlots,
  Place,
  readList,
} from './list-jobs.ts';

/** Threads that make lists beside the coordinator. */
export interface Helpers {
  help(jobs: ListJobs): void;
}

/**
 * Crossover from which threads pay: clusters of at least so many nodes, and so many nodes over all lists of a
 * cycle. Below, waking them and agreeing on who does what takes longer than doing it. Measured: docs/adr/threads.md.
 */
export const crossover = { nodes: 8_000, work: 800_000 };

/**
 * The coordinator's side of lists that several threads make. It never waits for a thread: while the list that it needs
 * is in the making elsewhere it makes a later one, and where there is none it makes its own.
 */
export class ListMaker {
  readonly #cluster: ClusterState;
  readonly #seed: number;
  readonly #helpers: Helpers;
  readonly #least: typeof crossover;
  #jobs: ListJobs | undefined;
  #slots: Selection = newSlots(0);
  #scores = new Float64Array(0);
  /** Place in the log of changes at which the cycle started. */
  #start = 0;

  constructor(cluster: ClusterState, seed: number, helpers: Helpers, least = crossover) {
    this.#cluster = cluster;
    this.#seed = seed;
    this.#helpers = helpers;
    this.#least = least;
  }

  /** True where so many lists are worth the threads. */
  isWorth(lists: number): boolean {
    const { end } = this.#cluster.nodes;
    return lists > 1 && end >= this.#least.nodes && lists * end >= this.#least.work;
  }

  /** Starts with lists that will be asked for in this order, each at most once, before `finish`. */
  start(requests: readonly ListRequest[]): void {
    const { nodes } = this.#cluster;
    if (this.#slots.nodes.length !== lead * nodes.capacity) this.#slots = newSlots(nodes.capacity);
    if (this.#scores.length < nodes.capacity) this.#scores = new Float64Array(nodes.capacity);
    this.#start = nodes.loadLog.end;
    const { end } = nodes;
    this.#jobs = newJobs(requests, { columns: scanColumns(nodes), end, seed: this.#seed, slots: this.#slots });
    this.#helpers.help(this.#jobs);
  }

  /**
   * The list of a request by its place, and the place in the log of changes up to which it is true; undefined where the
   * coordinator is to make it itself.
   */
  take(index: number): (MadeList & { readonly loadUpTo: number }) | undefined {
    const jobs = this.#jobs!;
    const { control } = jobs;
    Atomics.store(control, Place.changes, this.#cluster.nodes.loadLog.end - this.#start);
    Atomics.store(control, Place.current, index);
    Atomics.notify(control, Place.current);
    while (!isMade(control, index)) {
      const claimed = claim(jobs);
      if (claimed < 0) return undefined;
      makeList(jobs, claimed, this.#scores);
    }
    const list = readList(jobs, index);
    const loadUpTo = this.#start + list.changes;
    return Number.isFinite(this.#cluster.nodes.loadLog.countSince(loadUpTo)) ? { ...list, loadUpTo } : undefined;
  }

  /** The cycle is over: nobody begins with another list. */
  finish(): void {
    if (this.#jobs === undefined) return;
    const { control, count } = this.#jobs;
    const claimed = Math.min(count, Atomics.exchange(control, Place.next, count));
    // A thread that is still at a list must not write into the next cycle's.
    for (let index = Math.max(0, claimed - 2 * lead); index < claimed; index++) {
      if (!isMade(control, index)) this.#slots = newSlots(0);
    }
    this.#jobs = undefined;
  }
}
