import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commonIndex, countIndexes } from './indexes.ts';

/** Indexes below 50 in their shortest text. */
const indexes = fc.uniqueArray(fc.nat(49)).map((list) => {
  const sorted = list.toSorted((a, b) => a - b);
  const runs: number[][] = [];
  for (const index of sorted) {
    if (runs.at(-1)?.at(-1) === index - 1) runs.at(-1)!.push(index);
    else runs.push([index]);
  }
  const text = runs.map((run) => (run.length === 1 ? `${run[0]}` : `${run[0]}-${run.at(-1)}`)).join(',');
  return { sorted, text };
});

it('counts indexes', () => {
  fc.assert(
    fc.property(indexes, ({ sorted, text }) => {
      expect(countIndexes(text, 50)).toBe(sorted.length);
    }),
  );
});

it('finds the first common index', () => {
  fc.assert(
    fc.property(indexes, indexes, (left, right) => {
      expect(commonIndex(left.text, right.text, 50)).toBe(left.sorted.find((index) => right.sorted.includes(index)));
    }),
  );
});

it.each(['a', '1-2-3', '3-1', '2,1', '1,1', '50', '1-50', ',', '-1'])('refuses %s', (text) => {
  expect(() => countIndexes(text, 50)).toThrow();
});
