import { GantryError } from '@gantry/runtime/errors.ts';

/** How long a start waits to hear of an object, in milliseconds. */
const waitMs = 10_000;

/** Waits for news of objects. Rejects with ServiceUnavailable if the api does not tell of them in time, and with Cancelled. */
export async function withDeadline(work: Promise<unknown>, objects: string, signal: AbortSignal): Promise<void> {
  const stopped = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
  const { promise, reject } = Promise.withResolvers<never>();
  const fail = (): void =>
    reject(
      signal.aborted
        ? new GantryError('Cancelled', 'the request was cancelled')
        : new GantryError(
            'ServiceUnavailable',
            `timed out waiting for the condition: the api did not tell of ${objects}`,
          ),
    );
  stopped.addEventListener('abort', fail, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    stopped.removeEventListener('abort', fail);
  }
}
