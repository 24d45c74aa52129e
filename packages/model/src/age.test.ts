import { expect, it } from 'vitest';
import { formatAge, formatDuration } from './age.ts';

it.each([
  [-5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [150, '2m30s'],
  [600, '10m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 240, '3h4m'],
  [9 * 3600 + 240, '9h'],
  [3 * 86_400 + 4 * 3600, '3d4h'],
  [20 * 86_400 + 3600, '20d'],
  [800 * 86_400, '2y70d'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds * 1000)).toBe(text);
});

it('does not guess an age', () => {
  expect(formatAge(undefined, 0)).toBe('<unknown>');
});
