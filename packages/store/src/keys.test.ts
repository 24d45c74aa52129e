import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys, prefixEnd } from './keys.ts';

const text = fc.string({ unit: 'binary' });
const bytesOrder = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

test('orders keys as their bytes are', () => {
  fc.assert(fc.property(text, text, (left, right) => Math.sign(compareKeys(left, right)) === bytesOrder(left, right)));
});

test('the end of a prefix is above every key that starts with it, and below or at every other key above it', () => {
  fc.assert(
    fc.property(text, text, text, (prefix, rest, other) => {
      const end = prefixEnd(prefix);
      if (end === undefined) return Array.from(prefix).every((character) => character === '\u{10ffff}');
      const isAbove = bytesOrder(prefix + rest, end) < 0;
      const isTight = other.startsWith(prefix) || bytesOrder(other, prefix) < 0 || bytesOrder(other, end) >= 0;
      return isAbove && isTight;
    }),
  );
});

test.each([
  ['pods/', 'pods0'],
  ['\ud7ff', '\ue000'],
  ['a\u{10ffff}', 'b'],
  ['', undefined],
])('the end of %j is %j', (prefix, end) => {
  expect(prefixEnd(prefix)).toBe(end);
});
