import { expect, test } from 'vitest';
import { type BackoffPolicy, backoffMs, defaultBackoff } from './backoff.ts';

const policy: BackoffPolicy = { initialMs: 100, maxMs: 1_000, factor: 2, jitter: 0.5 };

test('waits grow by the factor up to the bound', () => {
  const waits = [1, 2, 3, 4, 5, 6, 1_000].map((attempt) => backoffMs(policy, attempt, () => 0));
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

test('jitter takes away up to its share, and never adds', () => {
  expect(backoffMs(policy, 2, () => 1)).toBe(100);
  expect(backoffMs(policy, 2, () => 0.5)).toBe(150);
  for (let attempt = 1; attempt < 20; attempt++) {
    const waitMs = backoffMs(defaultBackoff, attempt);
    expect(waitMs).toBeGreaterThanOrEqual(defaultBackoff.initialMs * (1 - defaultBackoff.jitter));
    expect(waitMs).toBeLessThanOrEqual(defaultBackoff.maxMs);
  }
});

test('an attempt that is none waits like the first', () => {
  expect(backoffMs(policy, 0, () => 0)).toBe(100);
});
