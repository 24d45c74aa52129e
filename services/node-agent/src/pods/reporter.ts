import type { ItemResult } from '@gantry/client/api.ts';
import type { PodReport } from '@gantry/client/object-messages.ts';
import type { PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GrpcCode } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';

/** Reports in one request; the api takes 1,024. */
const maxBatch = 256;
/** Waits before what the api refused for now is sent again. */
const retryBackoff = { ...defaultBackoff, initialMs: 200, maxMs: 15_000 };

/** A pod whose status is reported. */
export interface ReportedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Tells the api what has become of pods: in batches, the newest status of each, and only what it has not been told. */
export class StatusReporter implements AsyncDisposable {
  readonly #send: (pods: readonly PodReport[], signal: AbortSignal) => Promise<readonly ItemResult[]>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** What was accepted last, by uid. */
  readonly #told = new Map<string, string>();
  readonly #pending = new Map<string, PodReport>();
  #running: Promise<void> | undefined;

  /** @param send Sends one batch; one result each, in order. */
  constructor(
    send: (pods: readonly PodReport[], signal: AbortSignal) => Promise<readonly ItemResult[]>,
    options: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#send = send;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Sees to it that the api hears of this status, or of a later one. */
  report(pod: ReportedPod, status: PodStatus, terminated: boolean): void {
    const report: PodReport = { namespace: pod.namespace, name: pod.name, uid: pod.uid, status, terminated };
    if (!this.#pending.has(pod.uid) && this.#told.get(pod.uid) === JSON.stringify(report)) return;
    this.#pending.set(pod.uid, report);
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  /** The pod is gone: nothing more is said of it. */
  forget(uid: string): void {
    this.#pending.delete(uid);
    this.#told.delete(uid);
  }

  /** Gives what is on its way a last moment. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    // In a turn of its own: what is reported together goes out together.
    await Promise.resolve();
    for (let failures = 0; this.#pending.size > 0 && !this.#stop.signal.aborted; ) {
      const batch = [...this.#pending.values()].slice(0, maxBatch);
      for (const { uid } of batch) this.#pending.delete(uid);
      const retry = await this.#sendBatch(batch);
      for (const report of retry) if (!this.#pending.has(report.uid)) this.#pending.set(report.uid, report);
      failures = retry.length > 0 ? failures + 1 : 0;
      if (failures > 0) await this.#clock.sleep(backoffMs(retryBackoff, failures), this.#stop.signal).catch(() => {});
    }
  }

  /** Sends a batch and returns what is to be sent again. */
  async #sendBatch(batch: readonly PodReport[]): Promise<readonly PodReport[]> {
    try {
      const results = await this.#send(batch, this.#stop.signal);
      return batch.filter((report, index) => this.#isToRepeat(report, results[index]));
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#log.warn({ err: error, pods: batch.length }, 'pod statuses cannot be reported');
      return batch;
    }
  }

  #isToRepeat(report: PodReport, result: ItemResult | undefined): boolean {
    if (result === undefined) return true;
    if (result.code === 0) {
      this.#told.set(report.uid, JSON.stringify(report));
      return false;
    }
    // It is gone, or not this node's any more: the watch tells.
    if (result.code === GrpcCode.NOT_FOUND || result.code === GrpcCode.FAILED_PRECONDITION) return false;
    this.#log.warn(
      { pod: `${report.namespace}/${report.name}`, reason: result.reason, message: result.message },
      'a pod status was refused',
    );
    return result.code !== GrpcCode.INVALID_ARGUMENT && result.code !== GrpcCode.PERMISSION_DENIED;
  }
}
