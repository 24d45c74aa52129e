import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { CriClient } from './client.ts';

/** How soon to listen again after the runtime went away. */
const retryMs = 200;
/** How often to hint where the runtime has no events that we understand. */
const pollMs = 1000;
/** What tells of sandboxes and containers; the rest is images, snapshots and execs. */
const topics = /^\/(tasks\/(create|start|exit|oom|delete)|containers\/(create|delete))$/;

/** Yields after containerd's events, many at once as one; after a lost connection it yields too, since events may have been missed. */
export async function* changes(client: CriClient, clock: Clock, signal: AbortSignal): AsyncGenerator<void> {
  let pending = false;
  let wake = Promise.withResolvers<void>();
  const hint = () => {
    pending = true;
    wake.resolve();
  };
  const left = new AbortController();
  const over = AbortSignal.any([signal, left.signal]);
  over.addEventListener('abort', hint, { once: true });
  const listening = listen(client, clock, hint, over);
  try {
    while (!signal.aborted) {
      if (!pending) await wake.promise;
      pending = false;
      wake = Promise.withResolvers<void>();
      if (!signal.aborted) yield;
    }
  } finally {
    left.abort();
    await listening;
  }
}

async function listen(client: CriClient, clock: Clock, hint: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let waitMs = retryMs;
    try {
      for await (const event of client.events(signal)) {
        if (topics.test(event.topic)) hint();
      }
    } catch (error) {
      if (isError(error, 'MethodNotAllowed')) waitMs = pollMs;
    }
    hint();
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}
