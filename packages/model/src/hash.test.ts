import { expect, it } from 'vitest';
import { contentHash, randomSuffix } from './hash.ts';

it('hashes templates by content', () => {
  const a = { metadata: { labels: { x: '1', y: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const b = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { y: '2', x: '1' } } };
  expect(contentHash(a)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  expect(contentHash(b)).toBe(contentHash(a));
  expect(contentHash(a, 1)).not.toBe(contentHash(a));
  expect(contentHash({ ...a, spec: { containers: [{ name: 'c', image: 'j' }] } })).not.toBe(contentHash(a));
});

it('makes suffixes of safe characters', () => {
  expect(randomSuffix(() => 0)).toBe('bbbbb');
  expect(randomSuffix()).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});
