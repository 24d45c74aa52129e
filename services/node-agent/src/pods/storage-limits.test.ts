import { expect, it } from 'vitest';
import { podOf } from '../testing/pod-world.ts';
import { hasStorageLimits, storageViolationOf } from './storage-limits.ts';

const mib = 2 ** 20;
const limited = (name: string, limit: string) => ({
  name,
  image: 'x',
  resources: { limits: { 'ephemeral-storage': limit } },
});
const scratch = { volumes: [{ name: 'd', emptyDir: { sizeLimit: '5Mi' } }] };
const containers = { containers: [limited('a', '10Mi'), limited('b', '20Mi')] };

it.each([
  [scratch, { d: 5 }, {}, undefined],
  [scratch, { d: 6 }, {}, 'Usage of EmptyDir volume "d" exceeds the limit "5Mi". '],
  [{ volumes: [{ name: 'd', emptyDir: {} }] }, { d: 600 }, { web: 600 }, undefined],
  [containers, {}, { a: 10, b: 20 }, undefined],
  [containers, {}, { a: 11 }, 'Container a exceeded its local ephemeral storage limit "10Mi". '],
  [
    containers,
    { d: 25 },
    { a: 5, b: 5 },
    'Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. ',
  ],
])('a pod %j with %j MiB in volumes and %j in containers', (spec, emptyDirs, used, message) => {
  const inBytes = (entries: object) => new Map(Object.entries(entries).map(([name, size]) => [name, size * mib]));
  const usage = { emptyDirs: inBytes(emptyDirs), containers: inBytes(used) };
  expect(storageViolationOf(podOf(spec), usage)).toBe(message);
});

it('only pods with a limit are looked at', () => {
  expect(hasStorageLimits(podOf())).toBe(false);
  expect(hasStorageLimits(podOf({ volumes: [{ name: 'd', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }] }))).toBe(
    false,
  );
  expect(hasStorageLimits(podOf(scratch))).toBe(true);
  expect(hasStorageLimits(podOf(containers))).toBe(true);
});
