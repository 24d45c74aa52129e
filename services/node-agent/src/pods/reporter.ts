import { isDeepStrictEqual } from 'node:util';
import type { ItemResult } from '@gantry/client/api.ts';
import type { PodReport } from '@gantry/client/object-messages.ts';
import type { PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GrpcCode } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { reportedStatuses } from './spec.ts';

/** Reports in one request; the api takes 1,024. */
const maxBatch = 256;
/** Backoff of reports that the api refused for now. */
const retryBackoff = { ...defaultBackoff, initialMs: 200, maxMs: 15_000 };

/**
 * Delays before a changed status is sent, in milliseconds. News that others act on (a container runs, a pod is ready) waits for
 * changes observed with it; details of a start under way wait until its end most likely carries them.
 */
const waitMs = { news: 10, details: 2_000 } as const;

/** A report that is to be sent. */
interface Pending {
  readonly report: PodReport;
  /** On the monotonic clock. */
  readonly dueMs: number;
}

/** A pod whose status is reported. */
export interface ReportedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Reports statuses of pods to the api: in batches, the newest of each, and only if it changed. Each report is a write that reaches
 * every watcher of pods.
 */
export class StatusReporter implements AsyncDisposable {
  readonly #send: (pods: readonly PodReport[], signal: AbortSignal) => Promise<readonly ItemResult[]>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** The last report that was accepted or is on its way, by uid: the api's echo of a report may come before its answer. */
  readonly #reported = new Map<string, PodReport>();
  readonly #pending = new Map<string, Pending>();
  #running: Promise<void> | undefined;
  /** Set while nothing is due. */
  #nap: { readonly untilMs: number; readonly controller: AbortController } | undefined;

  /** @param send Sends one batch; one result each, in order. */
  constructor(
    send: (pods: readonly PodReport[], signal: AbortSignal) => Promise<readonly ItemResult[]>,
    options: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#send = send;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Queues a status; the api receives it or a later one. */
  report(pod: ReportedPod, status: PodStatus, terminated: boolean): void {
    const report: PodReport = { namespace: pod.namespace, name: pod.name, uid: pod.uid, status, terminated };
    const reported = this.#reported.get(pod.uid);
    if (isDeepStrictEqual(reported, report)) {
      this.#pending.delete(pod.uid);
      return;
    }
    const isNews = reported === undefined || newsOf(reported) !== newsOf(report);
    const dueMs = this.#clock.monotonic() + (isNews ? waitMs.news : waitMs.details);
    this.#add({ report, dueMs: Math.min(dueMs, this.#pending.get(pod.uid)?.dueMs ?? dueMs) });
  }

  /** Drops a pod that is gone. */
  forget(uid: string): void {
    this.#pending.delete(uid);
    this.#reported.delete(uid);
  }

  /** Waits for the batch on its way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#nap?.controller.abort();
    await this.#running;
  }

  #add(pending: Pending): void {
    this.#pending.set(pending.report.uid, pending);
    if (this.#nap !== undefined && pending.dueMs < this.#nap.untilMs) this.#nap.controller.abort();
    this.#running ??= this.#drain()
      .catch((error: unknown) =>
        this.#log.error({ error }, 'the reporter of pod statuses failed; the next status starts it anew'),
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #drain(): Promise<void> {
    for (let failures = 0; this.#pending.size > 0 && !this.#stop.signal.aborted; ) {
      const batch = this.#takeDue();
      if (batch.length === 0) {
        await this.#napUntilDue();
        continue;
      }
      const retry = await this.#sendBatch(batch);
      const dueMs = this.#clock.monotonic();
      for (const report of retry) if (!this.#pending.has(report.uid)) this.#pending.set(report.uid, { report, dueMs });
      failures = retry.length > 0 ? failures + 1 : 0;
      if (failures > 0) await this.#clock.sleep(backoffMs(retryBackoff, failures), this.#stop.signal).catch(() => {});
    }
  }

  #takeDue(): readonly PodReport[] {
    const nowMs = this.#clock.monotonic();
    const due = [...this.#pending.values()].filter(({ dueMs }) => dueMs <= nowMs).slice(0, maxBatch);
    for (const { report } of due) {
      this.#pending.delete(report.uid);
      this.#reported.set(report.uid, report);
    }
    return due.map(({ report }) => report);
  }

  async #napUntilDue(): Promise<void> {
    const untilMs = Math.min(...[...this.#pending.values()].map(({ dueMs }) => dueMs));
    const controller = new AbortController();
    this.#nap = { untilMs, controller };
    await this.#clock.sleep(Math.max(1, untilMs - this.#clock.monotonic()), controller.signal).catch(() => {});
    this.#nap = undefined;
  }

  /** Sends a batch and returns the reports to send again. */
  async #sendBatch(batch: readonly PodReport[]): Promise<readonly PodReport[]> {
    try {
      const results = await this.#send(batch, this.#stop.signal);
      return batch.filter((report, index) => this.#isToRepeat(report, results[index]));
    } catch (error) {
      for (const { uid } of batch) this.#reported.delete(uid);
      if (!this.#stop.signal.aborted) this.#log.warn({ error, pods: batch.length }, 'pod statuses cannot be reported');
      return batch;
    }
  }

  #isToRepeat(report: PodReport, result: ItemResult | undefined): boolean {
    if (result?.code === 0) return false;
    this.#reported.delete(report.uid);
    if (result === undefined) return true;
    // The pod is gone or on another node: the watch delivers that.
    if (result.code === GrpcCode.NOT_FOUND || result.code === GrpcCode.FAILED_PRECONDITION) return false;
    this.#log.warn(
      { pod: `${report.namespace}/${report.name}`, reason: result.reason, message: result.message },
      'a pod status was refused',
    );
    return result.code !== GrpcCode.INVALID_ARGUMENT && result.code !== GrpcCode.PERMISSION_DENIED;
  }
}

/** The part of a report that others act on. The rest, such as addresses and ids before a container runs, can wait. */
function newsOf({ status, terminated }: PodReport): string {
  const { phase, reason, conditions = [] } = status;
  return JSON.stringify([
    terminated,
    phase,
    reason,
    conditions.filter(({ type }) => type !== 'PodReadyToStartContainers').map(({ type, status }) => [type, status]),
    reportedStatuses(status).map(({ name, ready, started, restartCount, state = {} }) => {
      const { waiting, running, terminated } = state;
      return [name, ready, started, restartCount, waiting?.reason, running?.startedAt, terminated?.finishedAt];
    }),
  ]);
}
