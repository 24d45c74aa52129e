import { expect, it } from 'vitest';
import { FakeClock, systemClock } from './clock.ts';

it('steps its wall clock apart from its monotonic one, and sleepers go by the latter', async () => {
  const clock = new FakeClock(1_000);
  let woken = false;
  const slept = clock.sleep(100).then(() => {
    woken = true;
  });
  clock.stepWall(-3_600_000);
  expect(clock.now()).toBe(1_000 - 3_600_000);
  expect(clock.monotonic()).toBe(0);
  clock.stepWall(7_200_000);
  await Promise.resolve();
  expect(woken).toBe(false);
  clock.advance(100);
  await slept;
  expect(clock.monotonic()).toBe(100);
});

it('rejects a sleep whose signal fires', async () => {
  const stop = new AbortController();
  const slept = new FakeClock().sleep(100, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(slept).rejects.toThrow('stopped');
});

it('reads a monotonic clock of the machine that does not go back', () => {
  const first = systemClock.monotonic();
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
});

it('wakes sleepers in the order of their times, and none too early', async () => {
  const clock = new FakeClock(0);
  const woken: number[] = [];
  for (const ms of [30, 10, 20]) void clock.sleep(ms).then(() => woken.push(ms));
  clock.advance(20);
  await Promise.resolve();
  expect(woken).toEqual([10, 20]);
  expect([clock.now(), clock.monotonic()]).toEqual([20, 20]);
});

it('rejects a sleep whose signal has fired already, as the machine does', async () => {
  const signal = AbortSignal.abort(new DOMException('stopped', 'AbortError'));
  await expect(new FakeClock().sleep(1, signal)).rejects.toThrow('stopped');
  await expect(systemClock.sleep(60_000, signal)).rejects.toMatchObject({ name: 'AbortError' });
});
