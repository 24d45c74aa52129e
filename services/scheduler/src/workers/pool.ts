import type { Piscina } from 'piscina';
import type { ListJobs } from './list-jobs.ts';

/** Threads without work end after this time. */
const idleTimeoutMs = 60_000;

/** Worker threads that help the coordinator. Before there is something to do none runs, and what runs them is not even loaded. */
export class WorkerPool implements AsyncDisposable {
  readonly #workers: number;
  readonly #onError: (error: unknown) => void;
  #loading: Promise<void> | undefined;
  #pool: Piscina | undefined;
  #busy = 0;
  /** True once no thread is to begin with anything. */
  #isOver = false;

  /**
   * @param workers Threads beside the coordinator's, at least one.
   * @param onError Told of a thread that failed: the coordinator does its work, and from then on everything.
   */
  constructor(workers: number, onError: (error: unknown) => void) {
    this.#workers = workers;
    this.#onError = onError;
  }

  /** Lets the threads that have nothing to do make lists. */
  help(jobs: ListJobs): void {
    if (this.#isOver) return;
    if (this.#pool === undefined) {
      this.#loading ??= this.#load();
      this.#loading.then(() => this.#run(jobs), this.#fail);
    } else {
      this.#run(jobs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#loading?.catch(() => {});
    await this.#pool?.close({ force: true });
  }

  async #load(): Promise<void> {
    const { Piscina } = await import('piscina');
    this.#pool = new Piscina({
      filename: new URL('./list-worker.ts', import.meta.url).href,
      name: 'makeLists',
      minThreads: 0,
      maxThreads: this.#workers,
      idleTimeout: idleTimeoutMs,
    });
  }

  #run(jobs: ListJobs): void {
    for (; this.#busy < this.#workers && !this.#isOver; this.#busy++) {
      this.#pool!.run(jobs)
        .catch(this.#fail)
        .finally(() => this.#busy--);
    }
  }

  readonly #fail = (error: unknown): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onError(error);
  };
}
