import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds between two looks. */
const pollMs = 100;

/**
 * Asks until the answer is neither false nor undefined and no error is thrown; fails with the last answer or error after
 * `timeoutMs`, which bounds how long a broken cluster holds the tests up and measures nothing.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await delay(pollMs);
  }
  throw new Error(
    `${what}: not so within ${timeoutMs / 1000} s; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
    { cause: last },
  );
}
