import { isError, toGantryError } from '@gantry/runtime/errors.ts';
import type { RetryWaits } from './memory.ts';
import type { Outcome } from './memory-update.ts';

/** The outcome of an action that threw: `aborted` if the agent itself cancelled it. */
export function outcomeOf(error: unknown, reason: string, waits: RetryWaits, signal: AbortSignal): Outcome {
  if (signal.aborted && isError(error, 'Cancelled')) return { kind: 'aborted' };
  return { kind: 'failed', reason, message: toGantryError(error).message, waits };
}
