import { FakeClock } from '@gantry/runtime/clock.ts';
import { expect, it } from 'vitest';
import { ProgressClock } from './progress-clock.ts';

const stamp = '2026-01-01T00:00:00Z';

it('counts from a stored time on, whatever becomes of the wall clock', () => {
  const clock = new FakeClock();
  const progress = new ProgressClock(clock);
  const wall = Date.parse(stamp) + 5_000;
  expect(progress.ageMs('a', stamp, wall)).toBe(5_000);
  clock.advance(2_000);
  expect(progress.ageMs('a', stamp, wall + 3_600_000)).toBe(7_000);
  clock.advance(1_000);
  expect(progress.ageMs('a', stamp, wall - 3_600_000)).toBe(8_000);
});

it('begins anew with another time, and takes one of the future for now', () => {
  const clock = new FakeClock();
  const progress = new ProgressClock(clock);
  const wall = Date.parse(stamp);
  progress.ageMs('a', stamp, wall + 9_000);
  expect(progress.ageMs('a', '2026-01-01T00:00:10Z', wall + 9_000)).toBe(0);
  expect(progress.ageMs('b', stamp, wall + 1_000)).toBe(1_000);
  progress.forget('b');
  expect(progress.ageMs('b', stamp, wall + 4_000)).toBe(4_000);
});
