import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';

/** Dependencies of waiting for a part of the cluster. */
export interface PatienceDeps {
  readonly clock: Clock;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
  /** Told in words for the user. */
  readonly progress: (text: string) => void;
}

/** Interval at which the user is told what is waited for. */
const tellMs = 10_000;

/**
 * Waits for a part that starts, and tells the user when that takes long. Rejects with Cancelled as soon as the signal fires.
 * @param hint Where to see what is wrong.
 */
export async function untilStarted(
  name: string,
  started: Promise<void>,
  hint: string,
  { clock, signal, progress }: PatienceDeps,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const cancelled = new Promise<never>((_resolve, reject) => {
    const cancel = (): void => reject(new GantryError('Cancelled', `stopped while ${name} was starting`));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true, signal: done.signal });
  });
  const telling = (async () => {
    for (let seconds = tellMs / 1000; ; seconds += tellMs / 1000) {
      await clock.sleep(tellMs, either);
      progress(`${name} is not ready after ${seconds} s; ${hint}`);
    }
  })();
  telling.catch(() => {});
  try {
    await Promise.race([started, cancelled]);
  } finally {
    done.abort();
  }
}
