import { WorkQueue } from '@gantry/client/work-queue.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { type Controller, kindsOf } from './action.ts';
import type { Caches } from './caches.ts';
import type { ControllerApi, EventSink } from './executor.ts';
import { workerOf } from './worker.ts';

/** Keys of one controller that are worked on at a time. */
const concurrency = 8;
export interface LoopOptions {
  readonly caches: Caches;
  readonly api: ControllerApi;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Numbers from 0 to below 1 for the jitter of waits; Math.random where absent. */
  readonly random?: () => number;
}

/** A running reconcile loop. */
export interface Loop extends AsyncDisposable {
  /** Has a key reconciled soon, for a reason that no informer tells of. */
  add(key: string): void;
}

/** Runs a controller: informers' changes become keys, keys become plans, plans become writes. */
export function startLoop(controller: Controller, options: LoopOptions): Loop {
  const { caches, api, events, clock, random } = options;
  const log = options.log.child({ controller: controller.name });
  const queue = new WorkQueue({
    concurrency,
    clock,
    ...(random === undefined ? {} : { random }),
    work: workerOf(controller, { view: caches, api, events, clock }),
    onError: (error, key, failures) => {
      // Somebody else wrote in between: the next reconcile goes by what they wrote.
      const expected = isError(error, 'Conflict', 'AlreadyExists', 'NotFound') && failures < 5;
      log[expected ? 'debug' : 'warn']({ error, key, failures }, 'a reconcile failed and will be repeated');
    },
  });
  const stops = kindsOf(controller).map((kind) =>
    caches.onChange(kind, ({ object, old }) => {
      for (const key of controller.keysFor(object, caches)) queue.add(key);
      if (old !== undefined) for (const key of controller.keysFor(old, caches)) queue.add(key);
    }),
  );
  return {
    add: (key) => queue.add(key),
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) stop();
      await queue[Symbol.asyncDispose]();
    },
  };
}
