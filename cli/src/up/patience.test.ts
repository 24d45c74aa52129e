import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, it } from 'vitest';
import { untilStarted } from './patience.ts';

function setUp() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const told: string[] = [];
  const started = Promise.withResolvers<void>();
  const deps = { clock, signal: stop.signal, progress: (text: string) => void told.push(text) };
  const waiting = untilStarted('node-1', started.promise, 'its log says why', deps);
  waiting.catch(() => {});
  return { clock, stop, told, started, waiting };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('tells the user what is waited for, and is silent once it has started', async () => {
  const { clock, told, started, waiting } = setUp();
  clock.advance(9_999);
  await turn();
  expect(told).toEqual([]);
  clock.advance(1);
  await turn();
  expect(told).toEqual(['node-1 is not ready after 10 s; its log says why']);
  clock.advance(10_000);
  await turn();
  expect(told[1]).toContain('after 20 s');
  started.resolve();
  await waiting;
  clock.advance(60_000);
  await turn();
  expect(told).toHaveLength(2);
});

it('ends at once when the user wants to leave, whatever is waited for', async () => {
  const { stop, waiting } = setUp();
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ reason: 'Cancelled' });
});

it('passes on why a start failed', async () => {
  const { started, waiting } = setUp();
  started.reject(new Error('no addresses'));
  await expect(waiting).rejects.toThrow('no addresses');
});
