import { connect } from 'node:net';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';

const pollMs = 50;
/** How long a program may take until it answers; Redis reads its whole file first. */
const startTimeoutMs = 60_000;

/** Dependencies of waiting for a program. */
export interface WaitDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks until the answer is true and no error is thrown. Timeout with the last error, and `hint`, where that does not happen within
 * a minute; rejects with Cancelled when the signal fires.
 */
export async function untilAnswers(
  name: string,
  hint: string,
  ask: () => Promise<boolean>,
  { clock, signal }: WaitDeps,
): Promise<void> {
  const deadline = clock.monotonic() + startTimeoutMs;
  let last = '';
  while (clock.monotonic() < deadline) {
    if (signal.aborted) throw new GantryError('Cancelled', `stopped while ${name} was starting`);
    try {
      if (await ask()) return;
    } catch (error) {
      last = `: ${toGantryError(error).message}`;
    }
    await clock.sleep(pollMs, signal).catch(() => {});
  }
  throw new GantryError('Timeout', `${name} does not answer within ${startTimeoutMs / 1000} s${last}; ${hint}`);
}

/** Whether somebody accepts connections on a Unix socket. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
