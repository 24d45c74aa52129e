import type { Clock } from '@gantry/runtime/clock.ts';
import type { Controller, View } from './action.ts';
import type { Consultant } from './consult.ts';
import { type ControllerApi, type EventSink, execute } from './executor.ts';
import { AbsentUids } from './live-checks.ts';
import type { Measurer } from './measure.ts';
import { PendingWrites } from './pending.ts';
import { presentRevision } from './revision.ts';

/** Milliseconds before a key whose writes were not seen yet is looked at again. */
const unseenMs = 10;
/**
 * Milliseconds after which a key that wrote is looked at again, if no change calls for it earlier. A view that had to be read anew tells
 * nothing of an object that was made and deleted meanwhile.
 */
const untoldMs = 10_000;

/**
 * A key rests for this multiple of its decision's time. A set of a thousand pods that start takes a twentieth of a core at most, and all
 * changes during a rest cost one decision.
 */
const restFactor = 20;
/** Shorter rests are none. */
const shortestRestMs = 5;
const longestRestMs = 500;

export interface WorkerDeps {
  readonly view: View;
  readonly api: ControllerApi;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Answers measurements; if absent, there are none. */
  readonly measurer?: Measurer | undefined;
  /** Answers consultations; if absent, all of them fail. */
  readonly consultant?: Consultant | undefined;
}

/** Outcome of the work on a key. */
export interface Worked {
  /** Milliseconds after which the key wants to be looked at again; if absent, only after a change. */
  readonly afterMs?: number | undefined;
  /** Milliseconds for which it is not to be looked at, whatever changes. */
  readonly restMs?: number | undefined;
}

/** Reconciles one key; rejects where that failed. */
export type Worker = (key: string, signal: AbortSignal) => Promise<Worked>;

/** The work of a controller on its keys: waits for the key's earlier writes, decides, acts, and notes what was written. */
export function workerOf(
  controller: Controller,
  { view, api, events, clock, measurer, consultant }: WorkerDeps,
): Worker {
  const pending = new PendingWrites();
  const absent = new AbsentUids();
  return async (key, signal) => {
    const state = pending.state(key, view, clock.monotonic());
    if (state === 'ask') {
      pending.barrier(key, await presentRevision(api, signal), clock.monotonic());
    }
    if (state !== 'seen') return { afterMs: unseenMs };
    const startMs = clock.monotonic();
    const plan = controller.reconcile(key, view, clock.now());
    const restMs = restAfter(clock.monotonic() - startMs);
    if (plan.length === 0) return { restMs };
    const outcome = await execute(plan, api, events, signal, absent, measurer, consultant);
    // Whatever failed: a retry that does not know what was written writes it again.
    pending.note(key, outcome, clock.monotonic());
    for (const remains of outcome.remains) controller.observed?.(key, remains);
    for (const { ref, reading } of outcome.scales) controller.scaleRead?.(key, ref, reading);
    for (const measured of outcome.measured) controller.measured?.(key, measured);
    for (const consulted of outcome.consulted) controller.consulted?.(key, consulted);
    if (outcome.failure !== undefined) {
      controller.failed?.(key, outcome.failure.error, outcome.failure.during);
      throw outcome.failure.error;
    }
    const wrote = outcome.written.size + outcome.gone.length > 0;
    const afterMs = Math.min(
      outcome.requeueMs ?? Number.POSITIVE_INFINITY,
      wrote ? untoldMs : Number.POSITIVE_INFINITY,
    );
    return { afterMs: Number.isFinite(afterMs) ? afterMs : undefined, restMs };
  };
}

function restAfter(decisionMs: number): number {
  const restMs = Math.min(longestRestMs, restFactor * decisionMs);
  return restMs < shortestRestMs ? 0 : restMs;
}
