import { expect, test } from 'vitest';
import { shareOfPeak } from './curve.ts';

test('a day has its peak in the afternoon, rises and falls without a jump, and nobody comes at night', () => {
  const day = Array.from({ length: 1_441 }, (_, minute) => shareOfPeak(minute / 1_440));
  expect(Math.max(...day)).toBe(1);
  expect(day.indexOf(1)).toBe(15 * 60);
  expect(day.slice(0, 301).every((share) => share === 0)).toBe(true);
  expect(day.at(-1)).toBe(0);
  for (const [minute, share] of day.entries()) expect(Math.abs(share - (day[minute + 1] ?? 0))).toBeLessThan(0.01);
});

test('moments outside of the day are its ends', () => {
  expect([shareOfPeak(-1), shareOfPeak(2)]).toEqual([0, 0]);
});
