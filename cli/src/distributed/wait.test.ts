import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import { accepts, untilAnswers } from './wait.ts';

/** A clock on which sleeping takes no time. */
function jumpingClock(): Clock {
  const clock = new FakeClock();
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      clock.advance(ms);
    },
  };
}

describe('untilAnswers', () => {
  const never = new AbortController().signal;

  it('asks again after errors and refusals', async () => {
    const answers = [new Error('away'), false, true];
    const ask = async (): Promise<boolean> => {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await untilAnswers('api', 'its log is x', ask, { clock: jumpingClock(), signal: never });
    expect(answers).toEqual([]);
  });

  it('gives up after a minute, with the last error and where to look', async () => {
    const ask = (): Promise<boolean> => Promise.reject(new GantryError('ServiceUnavailable', 'nobody there'));
    const waiting = untilAnswers('api', 'its log is x', ask, { clock: jumpingClock(), signal: never });
    await expect(waiting).rejects.toMatchObject({
      reason: 'Timeout',
      message: 'api does not answer within 60 s: nobody there; its log is x',
    });
  });

  it('ends when the signal fires', async () => {
    const stop = new AbortController();
    const ask = async (): Promise<boolean> => {
      stop.abort();
      return false;
    };
    const waiting = untilAnswers('api', '', ask, { clock: jumpingClock(), signal: stop.signal });
    await expect(waiting).rejects.toMatchObject({ reason: 'Cancelled' });
  });
});

describe('accepts', () => {
  it('tells whether somebody listens', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'gantry-wait-'));
    const path = join(folder.path, 'a.sock');
    expect(await accepts(path)).toBe(false);
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await accepts(path)).toBe(true);
    server.close();
  });
});
