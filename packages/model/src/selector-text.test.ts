import { expect, test } from 'vitest';
import { selectorText } from './selector-text.ts';
import { compileLabelSelector } from './selectors.ts';

test('a selector is written as the query that selects the same', () => {
  const text = selectorText({
    matchLabels: { tier: 'web', app: 'x', empty: '' },
    matchExpressions: [
      { key: 'zone', operator: 'In', values: ['b', 'a'] },
      { key: 'one', operator: 'In', values: ['v'] },
      { key: 'old', operator: 'DoesNotExist' },
      { key: 'new', operator: 'Exists' },
      { key: 'env', operator: 'NotIn', values: ['test'] },
    ],
  });
  expect(text).toBe('app=x,empty=,env notin (test),new,!old,one in (v),tier=web,zone in (a,b)');
  const labels = { app: 'x', tier: 'web', empty: '', zone: 'a', one: 'v', new: '' };
  const matches = compileLabelSelector(text);
  expect(matches(labels)).toBe(true);
  expect(matches({ ...labels, old: '' })).toBe(false);
  expect(matches({ ...labels, empty: 'no' })).toBe(false);
  expect(selectorText({})).toBe('');
});
