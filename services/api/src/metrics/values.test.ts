import { describe, expect, it, test } from 'vitest';
import { problemOf, quantityText } from './values.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

describe('problemOf', () => {
  const problem = (value: number, ageSeconds = 0) =>
    problemOf({ value, timestampMs: nowMs - ageSeconds * 1_000, windowSeconds: 0 }, nowMs);

  it.each([0, 1e-9, 0.5, 9e15])('has none for %d', (value) => {
    expect(problem(value)).toBeUndefined();
  });

  it.each([
    [Number.NaN, 'its value is not a number'],
    [Number.POSITIVE_INFINITY, 'its value is infinite'],
    [Number.NEGATIVE_INFINITY, 'its value is infinite'],
    [-0.001, 'its value -0.001 is negative'],
    [1e19, 'its value 10000000000000000000 is too large'],
  ])('refuses %d', (value, expected) => {
    expect(problem(value)).toBe(expected);
  });

  it('refuses what is late, or of the future', () => {
    expect(problem(1, 120)).toBeUndefined();
    expect(problem(1, 121)).toBe('its last value is of a time 121 seconds ago');
    expect(problem(1, -300)).toBe('its last value is of a time 300 seconds ahead');
    expect(problem(1, Number.NaN)).toContain('its last value');
  });
});

test.each([
  [0, '0'],
  [12, '12'],
  [1234.5678, '1234568m'],
  [0.25, '250m'],
  [0.0004, '400u'],
  [1e-12, '0'],
  [2_000_000, '2M'],
])('%d is %s as a quantity', (value, text) => {
  expect(quantityText(value)).toBe(text);
});
