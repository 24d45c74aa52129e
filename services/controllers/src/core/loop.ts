import { WorkQueue } from '@gantry/client/work-queue.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Controller } from './action.ts';
import type { Caches } from './caches.ts';
import { type EventSink, execute, type Writes } from './executor.ts';
import { PendingWrites } from './pending.ts';

/** Keys of one controller that are worked on at a time. */
const concurrency = 8;
/** Milliseconds before a key whose writes were not seen yet is looked at again. */
const catchUpMs = 10;

export interface LoopOptions {
  readonly caches: Caches;
  readonly writes: Writes;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A running reconcile loop. */
export interface Loop extends AsyncDisposable {
  /** Has a key reconciled soon, for a reason that no informer tells of. */
  add(key: string): void;
}

/** Runs a controller: informers' changes become keys, keys become plans, plans become writes. */
export function startLoop(controller: Controller, options: LoopOptions): Loop {
  const { caches, clock } = options;
  const log = options.log.child({ controller: controller.name });
  const pending = new PendingWrites();
  const queue = new WorkQueue({
    concurrency,
    clock,
    work: async (key, signal) => {
      if (!pending.isSeen(key, caches, clock.now())) return { afterMs: catchUpMs };
      const plan = controller.reconcile(key, caches, clock.now());
      if (plan.length === 0) return;
      const outcome = await execute(plan, options.writes, options.events, signal);
      pending.note(key, outcome, clock.now());
      return outcome.requeueMs === undefined ? undefined : { afterMs: outcome.requeueMs };
    },
    onError: (error, key, failures) => {
      // Somebody else wrote in between: the next reconcile goes by what they wrote.
      const expected = isError(error, 'Conflict', 'AlreadyExists', 'NotFound') && failures < 5;
      log[expected ? 'debug' : 'warn']({ error, key, failures }, 'a reconcile failed and will be repeated');
    },
  });
  const stops = controller.watches.map((kind) =>
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
