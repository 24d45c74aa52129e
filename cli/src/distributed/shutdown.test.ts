import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, it } from 'vitest';
import { stopInOrder } from './shutdown.ts';

it('parts of a group end side by side, within one time for all', async () => {
  const clock = new FakeClock();
  const log: string[] = [];
  const part = (name: string, takesMs: number) => ({
    async stop(timeoutMs: number) {
      log.push(`${name} ${timeoutMs}`);
      await clock.sleep(Math.min(takesMs, timeoutMs));
      log.push(`${name} ended`);
    },
  });
  const failing = { stop: () => Promise.reject(new Error('gone')) };
  const hangs = Number.POSITIVE_INFINITY;
  const done = stopInOrder(
    [[part('api', 100), failing, part('scheduler', hangs), part('node', hangs)], [part('redis', hangs)]],
    15_000,
    clock,
  );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(log).toEqual(['api 15000', 'scheduler 15000', 'node 15000']);
  clock.advance(15_000);
  await turn();
  expect(log.slice(3)).toEqual(['api ended', 'scheduler ended', 'node ended', 'redis 2000']);
  clock.advance(2_000);
  await done;
});
