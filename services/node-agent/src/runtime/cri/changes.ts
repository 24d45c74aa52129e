import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { ChangeHints } from '../hints.ts';
import type { CriClient } from './client.ts';

/** How soon to listen again after the runtime went away. */
const retryMs = 200;
/** Interval of hints if the runtime has no events that we understand, in milliseconds. */
const pollMs = 1000;
/** Topics about sandboxes and containers; the rest is about images, snapshots and execs. */
const topics = /^\/(tasks\/(create|start|exit|oom|delete)|containers\/(create|delete))$/;

/** Yields after containerd's events; after a lost connection it yields too, since events may have been missed. */
export async function* criChanges(client: CriClient, clock: Clock, signal: AbortSignal): AsyncGenerator<void> {
  const left = new AbortController();
  const over = AbortSignal.any([signal, left.signal]);
  const hints = new ChangeHints();
  const listening = listen(client, clock, hints, over);
  try {
    yield* hints.changes(over);
  } finally {
    left.abort();
    await listening;
  }
}

async function listen(client: CriClient, clock: Clock, hints: ChangeHints, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let waitMs = retryMs;
    try {
      for await (const event of client.events(signal)) {
        if (topics.test(event.topic)) hints.notify();
      }
    } catch (error) {
      if (isError(error, 'MethodNotAllowed')) waitMs = pollMs;
    }
    hints.notify();
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}
