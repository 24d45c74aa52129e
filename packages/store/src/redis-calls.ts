import { setTimeout as delay } from 'node:timers/promises';
import { GantryError } from '@gantry/runtime/errors.ts';
import { AnswerLost, type RedisConnection } from './redis-connection.ts';

/** Wait after a lost connection before the next attempt, in milliseconds: the client needs a turn to notice it. */
const pauseMs = 20;

/**
 * Sends something that may happen twice without harm, as often as connections break, until `timeoutMs` have passed.
 * Rejects with ServiceUnavailable then; its text says that the outcome is unknown where it may have happened.
 */
export async function callUntilAnswered<T>(
  connection: RedisConnection,
  send: () => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  let lost: AnswerLost | undefined;
  for (;;) {
    try {
      await connection.ready(Math.max(1, Math.ceil(deadlineMs - performance.now())));
      return await send();
    } catch (error) {
      if (!(error instanceof AnswerLost)) throw lost === undefined ? error : outcomeUnknown(error);
      lost = error;
      if (performance.now() >= deadlineMs) throw outcomeUnknown(error);
      await delay(pauseMs);
    }
  }
}

/** The error for a request that may or may not have been carried out. */
export function outcomeUnknown(cause: unknown): GantryError {
  return new GantryError(
    'ServiceUnavailable',
    'the connection to the store was lost while it worked on the request, whose outcome is unknown',
    { cause },
  );
}
