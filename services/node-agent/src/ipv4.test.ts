import { expect, it } from 'vitest';
import { isWithin, parseRange } from './ipv4.ts';

it.each([
  ['10.96.0.10', '10.96.0.0/16', true],
  ['10.97.0.0', '10.96.0.0/16', false],
  ['10.96.1.0/24', '10.96.0.0/16', true],
  ['10.0.0.0/8', '10.96.0.0/16', false],
  ['10.96.0.10', '10.96.0.10', true],
  ['::1', '10.96.0.0/16', false],
])('%s lies in %s: %s', (address, range, within) => {
  expect(isWithin(address, range)).toBe(within);
});

it('what is no address has no range', () => {
  for (const text of ['', '10.0.0', '10.0.0.256', '10.0.0.0/33', 'x']) expect(parseRange(text)).toBeUndefined();
});
