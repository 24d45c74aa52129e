import { toGantryError } from '@gantry/runtime/errors.ts';
import { type Outgoing, Stream } from './answer.ts';
import { notAcceptable } from './encoding.ts';
import { Frames } from './frames.ts';
import { watchParameters } from './list-options.ts';
import { queryOf } from './query.ts';
import type { ResourceDeps, ResourceRequest } from './request.ts';
import { rowObjectOf, Shape } from './shape.ts';
import { statusOf } from './status.ts';

/** Watches end after this time, in milliseconds, and up to as much more, unless the client says another: as Kubernetes has it. */
const leastTimeoutMs = 1_800_000;
/** Longest time of a timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Streams the changes of a selection until the client is gone, the time is over or the server stops. */
export async function watchResource(deps: ResourceDeps, request: ResourceRequest, response: Outgoing): Promise<void> {
  const { query, context, form, wanted } = request;
  if (wanted.encoding === 'yaml') throw notAcceptable(['json', 'protobuf']);
  const start = watchParameters(query);
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, deps.stopping, over.signal]);
  const rowObject = rowObjectOf(query);
  // A request that makes no sense is refused here, before anything is sent.
  const events = deps.api.watch({ ...context, signal }, queryOf(request), start);
  const frames = new Frames(form, new Shape(form, wanted, rowObject, deps.clock.now()), wanted, rowObject);
  const stream = new Stream(response, frames.contentType, context.signal);
  const timeoutMs = start.timeoutMs ?? leastTimeoutMs * (1 + deps.random());
  const timer = setTimeout(() => over.abort(), Math.min(timeoutMs, maxTimerMs));
  let isInitial = start.marksInitialEvents;
  // Seats are taken for the state that is shown first alone.
  if (start.after !== 0) request.place?.[Symbol.dispose]();
  try {
    for await (const event of events) {
      if (event.type !== 'BOOKMARK') await stream.write(frames.of(event));
      else {
        request.place?.[Symbol.dispose]();
        if (start.takesBookmarks) await stream.write(frames.bookmark(event, isInitial));
        isInitial = false;
      }
    }
  } catch (error) {
    const isWanted = !context.signal.aborted && !over.signal.aborted;
    if (isWanted) await stream.write(frames.error(statusOf(toGantryError(error)))).catch(() => undefined);
  } finally {
    clearTimeout(timer);
    over.abort();
    stream.end();
  }
}
