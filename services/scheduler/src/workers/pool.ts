import { Piscina } from 'piscina';
import type { ListJobs } from './list-jobs.ts';

/** Threads without work end after this time. */
const idleTimeoutMs = 60_000;

/** Worker threads that help the coordinator. None runs before there is something to do. */
export class WorkerPool implements AsyncDisposable {
  readonly #workers: number;
  readonly #onError: (error: unknown) => void;
  #pool: Piscina | undefined;
  #busy = 0;

  /**
   * @param workers Threads beside the coordinator's, at least one.
   * @param onError Told of a thread that failed; the coordinator does its work.
   */
  constructor(workers: number, onError: (error: unknown) => void) {
    this.#workers = workers;
    this.#onError = onError;
  }

  /** Lets the threads that have nothing to do make lists. */
  help(jobs: ListJobs): void {
    this.#pool ??= new Piscina({
      filename: new URL('./list-worker.ts', import.meta.url).href,
      name: 'makeLists',
      minThreads: 0,
      maxThreads: this.#workers,
      idleTimeout: idleTimeoutMs,
    });
    for (; this.#busy < this.#workers; this.#busy++) {
      const settled = (): void => {
        this.#busy--;
      };
      this.#pool.run(jobs).then(settled, (error: unknown) => {
        settled();
        this.#onError(error);
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.close({ force: true });
  }
}
