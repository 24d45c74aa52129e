import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { StatusReporter } from './reporter.ts';
import type { PodWorker } from './worker.ts';

/**
 * Pods that the node lifecycle controller marked as not ready, because their node was not heard. A node that is heard reports
 * them anew, whether it sees the mark before its heartbeat or after.
 */
export class NotReadyMarks {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #reporter: Pick<StatusReporter, 'forget'>;
  readonly #heartbeatMs: number;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  /** @param heartbeatMs Period of heartbeats: a mark that arrives so soon after one is older than it. */
  constructor(clock: Pick<Clock, 'monotonic'>, reporter: Pick<StatusReporter, 'forget'>, heartbeatMs: number) {
    this.#clock = clock;
    this.#reporter = reporter;
    this.#heartbeatMs = heartbeatMs;
  }

  /** The api took a heartbeat of this node. */
  heard(workers: Iterable<PodWorker>): void {
    this.#heardAtMs = this.#clock.monotonic();
    for (const worker of workers) this.#correct(worker);
  }

  /** The api told of a pod. */
  seen(worker: PodWorker | undefined): void {
    const isHeard = this.#clock.monotonic() - this.#heardAtMs < this.#heartbeatMs;
    if (worker !== undefined && isHeard) this.#correct(worker);
  }

  #correct(worker: PodWorker): void {
    if (!isMarkedNotReady(worker.pod)) return;
    this.#reporter.forget(worker.uid);
    worker.wake();
  }
}

function isMarkedNotReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'NodeNotReady') ?? false;
}
