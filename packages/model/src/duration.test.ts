import { expect, test } from 'vitest';
import { formatDurationNs, parseDurationNs, parseFlagDurationMs } from './duration.ts';

test.each([
  ['0s', 0],
  ['250ms', 250e6],
  ['10s', 10e9],
  ['10.021s', 10.021e9],
  ['1m30s', 90e9],
  ['1h0m0.5s', 3600.5e9],
  ['-1m0s', -60e9],
  ['1.5µs', 1_500],
])('%s is so many nanoseconds', (text, ns) => {
  expect(parseDurationNs(text)).toBe(ns);
  expect(formatDurationNs(ns)).toBe(text);
});

test.each(['', '5', 's', '1d', '1 s', '5s!'])('%j is no time span', (text) => {
  expect(parseDurationNs(text)).toBeUndefined();
});

test.each([
  ['250ms', 250],
  ['0s', 0],
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
])('%s in a flag is so many milliseconds', (text, ms) => {
  expect(parseFlagDurationMs(text)).toBe(ms);
});

test.each(['', '0', '5', '-5s', '5us', '.5s', '1 s', '5s!'])('%j in a flag is no time span', (text) => {
  expect(parseFlagDurationMs(text)).toBeUndefined();
});
