import { expect, it } from 'vitest';
import { canonicalCidrProblems, isWithin, rangeOf, strictCidrProblems } from './cidrs.ts';

it.each(['10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '10.1.2.3/32', '2001:db8::1/128'])('takes %s', (text) => {
  expect(canonicalCidrProblems(text)).toEqual([]);
});

it.each([
  ['odd', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ['10.0.0.0/33', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ['010.0.0.0/8', 'must not have leading 0s in IP or prefix length'],
  ['10.0.0.0/08', 'must not have leading 0s in IP or prefix length'],
  ['::ffff:10.0.0.0/104', 'must not have an IPv4-mapped IPv6 address'],
  ['10.0.0.1/8', 'must not have bits set beyond the prefix length'],
  ['2001:db8::1/64', 'must not have bits set beyond the prefix length'],
])('refuses %s', (text, problem) => expect(strictCidrProblems(text)).toEqual([problem]));

it('wants one spelling of new fields', () => {
  expect(strictCidrProblems('2001:DB8::/64')).toEqual([]);
  expect(canonicalCidrProblems('2001:DB8:0::/64')).toEqual(['must be in canonical form ("2001:db8::/64")']);
});

it.each([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', false],
  ['11.0.0.0/16', '10.0.0.0/8', false],
  ['::/16', '0.0.0.0/0', false],
  ['2001:db8:1::/48', '2001:db8::/32', true],
  ['2001:db9::/48', '2001:db8::/32', false],
])('knows that %s is within %s: %s', (inner, outer, expected) => {
  expect(isWithin(rangeOf(inner)!, rangeOf(outer)!)).toBe(expected);
});
