import { expect, it } from 'vitest';
import { podTemplateHash, randomSuffix } from './hash.ts';

it('hashes templates by content', () => {
  const a = { metadata: { labels: { x: '1', y: '2' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const b = { spec: { containers: [{ image: 'i', name: 'c' }] }, metadata: { labels: { y: '2', x: '1' } } };
  expect(podTemplateHash(a)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
  expect(podTemplateHash(b)).toBe(podTemplateHash(a));
  expect(podTemplateHash(a, 1)).not.toBe(podTemplateHash(a));
  expect(podTemplateHash({ ...a, spec: { containers: [{ name: 'c', image: 'j' }] } })).not.toBe(podTemplateHash(a));
});

it('makes suffixes of safe characters', () => {
  expect(randomSuffix(() => 0)).toBe('bbbbb');
  expect(randomSuffix()).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});
