import { Piscina } from 'piscina';
import { betterThan } from './load.ts';
import type { Packing } from './pack-batch.ts';
import type { PackJob } from './pack-worker.ts';
import type { PackItem, PackNode } from './problem.ts';

/** Threads without work end after this time. */
const idleTimeoutMs = 60_000;

/** How much may be spent on a packing by several threads. */
export interface PoolBudget {
  readonly seed: number;
  readonly steps: number;
  /** Searches, each with other random numbers and all the steps. */
  readonly starts: number;
  /** Stops searches that have not ended by then; what they found counts, and is not repeatable. */
  readonly timeMs?: number;
}

/** Packs in worker threads: each start of the search is a job of its own. */
export class PackPool implements AsyncDisposable {
  readonly #pool: Piscina;

  constructor(threads: number) {
    this.#pool = new Piscina({
      filename: new URL('./pack-worker.ts', import.meta.url).href,
      name: 'packStart',
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: idleTimeoutMs,
    });
  }

  /** The result of `packBatch` for the same seed, steps and starts. */
  async pack(items: readonly PackItem[], nodes: readonly PackNode[], budget: PoolBudget): Promise<Packing> {
    const { seed, steps, starts, timeMs } = budget;
    const jobs = Array.from({ length: starts }, (_, start): PackJob => {
      return { items, nodes, seed: seed + start, steps, ...(timeMs === undefined ? {} : { timeMs }) };
    });
    const packings = await Promise.all(jobs.map((job): Promise<Packing> => this.#pool.run(job)));
    // Of equals the first, as one thread would have it.
    return packings.reduce((best, packing) => (betterThan(packing, best) ? packing : best));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close({ force: true });
  }
}
