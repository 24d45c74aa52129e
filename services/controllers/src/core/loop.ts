import type { ObjectChange } from '@gantry/client/object-cache.ts';
import { WorkQueue } from '@gantry/client/work-queue.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type AnyObject, type Controller, keyOf } from './action.ts';
import type { Caches } from './caches.ts';
import type { Consultant } from './consult.ts';
import type { ControllerApi, EventSink } from './executor.ts';
import type { Measurer } from './measure.ts';
import type { ControllerMetrics, ReconcileResult } from './metrics.ts';
import { workerOf } from './worker.ts';

/** Keys of one controller that are worked on at a time. */
const concurrency = 8;
/** Failures of a key in a row after which one that somebody else's write explains is worth a warning. */
const manyFailures = 5;

export interface LoopOptions {
  readonly caches: Caches;
  readonly api: ControllerApi;
  readonly events: EventSink;
  readonly metrics: ControllerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Answers measurements; if absent, there are none. */
  readonly measurer?: Measurer | undefined;
  /** Answers consultations; if absent, all of them fail. */
  readonly consultant?: Consultant | undefined;
  /** Numbers from 0 to below 1 for the jitter of waits; if absent, Math.random. */
  readonly random?: () => number;
}

/** A running reconcile loop. */
export interface Loop extends AsyncDisposable {
  /** Has a key reconciled soon, for a reason that no informer tells of. */
  add(key: string): void;
}

/**
 * Runs a controller: informers' changes become keys, keys become plans, plans become writes. Whatever throws costs its key a
 * wait that grows with each failure, and never the loop.
 */
export function startLoop(controller: Controller, options: LoopOptions): Loop {
  const { caches, api, events, metrics, clock, random, measurer, consultant } = options;
  const { name } = controller;
  const log = options.log.child({ controller: name });
  const work = workerOf(controller, { view: caches, api, events, clock, measurer, consultant });
  const queue = new WorkQueue({
    concurrency,
    clock,
    ...(random === undefined ? {} : { random }),
    work: async (key, signal) => {
      const outcome = await work(key, signal);
      metrics.reconciled(name, 'success');
      return outcome;
    },
    onError: (error, key, failures) => {
      const result = resultOf(error);
      metrics.reconciled(name, result);
      // Somebody else wrote in between: the next reconcile goes by what they wrote.
      const level =
        result === 'refused' && failures < manyFailures ? 'debug' : result === 'exception' ? 'error' : 'warn';
      log[level]({ error, key, failures }, 'a reconcile failed and will be repeated');
    },
  });
  const enqueue = (object: AnyObject, waitMs: number): void => {
    try {
      for (const key of controller.keysFor(object, caches)) {
        if (waitMs > 0) queue.addAfter(key, waitMs);
        else queue.add(key);
      }
    } catch (error) {
      metrics.reconciled(name, 'exception');
      log.error({ error, kind: object.kind, key: keyOf(object) }, 'a change could not be turned into work');
    }
  };
  const hear = ({ object, old }: ObjectChange<AnyObject>): void => {
    const waitMs = controller.batchMs?.(object, old) ?? 0;
    enqueue(object, waitMs);
    if (old !== undefined) enqueue(old, waitMs);
  };
  const stops = controller.watchesAll
    ? [caches.onAnyChange(hear)]
    : controller.watches.map((kind) => caches.onChange(kind, hear));
  return {
    add: (key) => queue.add(key),
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) stop();
      await queue[Symbol.asyncDispose]();
    },
  };
}

function resultOf(error: unknown): ReconcileResult {
  if (isError(error, 'Conflict', 'AlreadyExists', 'NotFound')) return 'refused';
  return isError(error) ? 'error' : 'exception';
}
