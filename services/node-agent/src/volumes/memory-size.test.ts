import { expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { memorySizeBytes } from './memory-size.ts';

const mib = 2 ** 20;
const container = (name: string, memory?: string) => ({
  name,
  image: 'x',
  ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
});

it.each([
  [{ sizeLimit: '3Mi' }, podOf(), 3 * mib],
  [{}, podOf(), 1_000 * mib],
  [{ sizeLimit: '0' }, podOf(), 1_000 * mib],
  [{ sizeLimit: '3Gi' }, podOf(), 1_000 * mib],
  [{ sizeLimit: '300Mi' }, podOf({ containers: [container('a', '64Mi'), container('b', '64Mi')] }), 128 * mib],
  [{ sizeLimit: '300Mi' }, podOf({ containers: [container('a', '64Mi'), container('b')] }), 300 * mib],
  [{}, podOf({ initContainers: [container('i', '200Mi')], containers: [container('a', '64Mi')] }), 200 * mib],
])('an emptyDir in memory %j is as large as the least of its bounds', (source, pod, bytes) => {
  expect(memorySizeBytes(pod, source, 1_000 * mib)).toBe(bytes);
});
