import { expect, test } from 'vitest';
import { cpuRate } from './rate.ts';

const at = (monotonicMs: number, cpuUsageNs: number) => ({ monotonicMs, cpuUsageNs });

test('a rate is what was used over the time that passed', () => {
  expect(cpuRate(at(1_000, 5e9), at(11_000, 10e9), 4)).toEqual({ cpuNanocores: 500_000_000, windowMs: 10_000 });
  expect(cpuRate(at(0, 7), at(10_000, 7), 1)).toEqual({ cpuNanocores: 0, windowMs: 10_000 });
});

test.each([
  ['a counter that went back', at(0, 9e9), at(10_000, 1e9), 4],
  ['more than the machine has', at(0, 0), at(10_000, 60e9), 4],
  ['no time between the two', at(5_000, 0), at(5_000, 1e9), 4],
  ['a time that went back', at(9_000, 0), at(5_000, 1e9), 4],
  ['a number that is none', at(0, 0), at(10_000, Number.NaN), 4],
])('%s gives none', (_, before, after, cpuCount) => {
  expect(cpuRate(before, after, cpuCount)).toBeUndefined();
});
