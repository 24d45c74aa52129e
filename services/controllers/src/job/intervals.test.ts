import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  firstMissing,
  includes,
  intervalsOf,
  parseIntervals,
  sizeOf,
  sizeOfCommon,
  textOf,
  union,
} from './intervals.ts';

const bound = 60;
const sets = fc.uniqueArray(fc.nat(bound - 1)).map((list) => list.sort((a, b) => a - b));

it('are sets of indexes', () => {
  fc.assert(
    fc.property(sets, sets, fc.nat(bound), (left, right, count) => {
      const [a, b] = [intervalsOf(left), intervalsOf(right)];
      const all = new Set([...left, ...right]);
      const both = union(a, b);
      expect(sizeOf(both)).toBe(all.size);
      expect(sizeOfCommon(a, b)).toBe(left.filter((index) => right.includes(index)).length);
      for (let index = 0; index < bound; index++) expect(includes(both, index)).toBe(all.has(index));
      expect(parseIntervals(textOf(both), bound)).toEqual(both);
      const missing = Array.from({ length: bound }, (_, index) => index).filter((index) => !all.has(index));
      expect(firstMissing(both, bound, count)).toEqual(missing.slice(0, count));
    }),
  );
});

it.each([
  [[0, 1, 2, 4, 5, 9], '0-2,4,5,9'],
  [[3], '3'],
  [[], ''],
])('%j is %s', (indexes, text) => {
  expect(textOf(intervalsOf(indexes))).toBe(text);
});

it('leaves out what is no index, and indexes that there are not', () => {
  expect(textOf(parseIntervals('0,x,2-4,5', 10))).toBe('0,2-5');
  expect(textOf(parseIntervals('0-7,9', 4))).toBe('0-3');
  expect(parseIntervals('8-9', 4)).toEqual([]);
});

it('makes one run of ten thousand', () => {
  expect(textOf(intervalsOf(Array.from({ length: 10_000 }, (_, index) => index)))).toBe('0-9999');
});
