import type { Clock } from '@gantry/runtime/clock.ts';
import type { Controller, View } from './action.ts';
import { type ControllerApi, type EventSink, execute } from './executor.ts';
import { AbsentUids } from './live-checks.ts';
import type { Measurer } from './measure.ts';
import { PendingWrites } from './pending.ts';
import { presentRevision } from './revision.ts';

/** Milliseconds before a key whose writes were not seen yet is looked at again. */
const unseenMs = 10;

export interface WorkerDeps {
  readonly view: View;
  readonly api: ControllerApi;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Answers measurements; if absent, there are none. */
  readonly measurer?: Measurer | undefined;
}

/** Reconciles one key; rejects where that failed. Resolves with the time after which the key wants to be looked at again. */
export type Worker = (key: string, signal: AbortSignal) => Promise<{ readonly afterMs: number } | undefined>;

/** The work of a controller on its keys: waits for the key's earlier writes, decides, acts, and notes what was written. */
export function workerOf(controller: Controller, { view, api, events, clock, measurer }: WorkerDeps): Worker {
  const pending = new PendingWrites();
  const absent = new AbsentUids();
  return async (key, signal) => {
    const state = pending.state(key, view, clock.monotonic());
    if (state === 'ask') {
      pending.barrier(key, await presentRevision(api, signal), clock.monotonic());
    }
    if (state !== 'seen') return { afterMs: unseenMs };
    const plan = controller.reconcile(key, view, clock.now());
    if (plan.length === 0) return undefined;
    const outcome = await execute(plan, api, events, signal, absent, measurer);
    // Whatever failed: a retry that does not know what was written writes it again.
    pending.note(key, outcome, clock.monotonic());
    for (const remains of outcome.remains) controller.observed?.(key, remains);
    for (const { ref, reading } of outcome.scales) controller.scaleRead?.(key, ref, reading);
    for (const measured of outcome.measured) controller.measured?.(key, measured);
    if (outcome.failure !== undefined) {
      controller.failed?.(key, outcome.failure.error, outcome.failure.during);
      throw outcome.failure.error;
    }
    return outcome.requeueMs === undefined ? undefined : { afterMs: outcome.requeueMs };
  };
}
