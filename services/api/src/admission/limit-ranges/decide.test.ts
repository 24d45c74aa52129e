import type { LimitRange, LimitRangeItem, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { claimProblems, joined, podProblems, withDefaults } from './decide.ts';

const range = (...limits: LimitRangeItem[]): LimitRange => {
  return { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'r' }, spec: { limits } };
};
const pod = (requests: Record<string, string>, limits: Record<string, string> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'a', resources: { requests, limits } }, { name: 'b' }] },
});

test('containers without requests and limits get those of the ranges, and an annotation says which', () => {
  const item = { type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } };
  const given = withDefaults(pod({ cpu: '2' }), [range(item)]);
  expect(given.spec.containers.map(({ resources }) => resources)).toEqual([
    { requests: { cpu: '2' }, limits: { cpu: '1', memory: '1Gi' } },
    { requests: { cpu: '100m' }, limits: { cpu: '1', memory: '1Gi' } },
  ]);
  const text =
    'LimitRanger plugin set: cpu, memory limit for container a; cpu request for container b; cpu, memory limit for container b';
  expect(given.metadata.annotations).toEqual({ 'kubernetes.io/limit-ranger': text });
  const whole = pod({ cpu: '1' });
  expect(withDefaults(whole, [range({ type: 'Pod', max: { cpu: '1' } })])).toBe(whole);
});

test.each<[LimitRangeItem, Pod, string | undefined]>([
  [{ type: 'Pod', min: { cpu: '1' } }, pod({ cpu: '1' }), undefined],
  [{ type: 'Pod', min: { cpu: '1' } }, pod({ cpu: '999m' }), 'minimum cpu usage per Pod is 1, but request is 999m'],
  [{ type: 'Pod', min: { cpu: '1' } }, pod({}), 'minimum cpu usage per Pod is 1.  No request is specified'],
  [{ type: 'Pod', max: { memory: '1Gi' } }, pod({}, { memory: '1Gi' }), undefined],
  [
    { type: 'Pod', max: { memory: '1Gi' } },
    pod({}, { memory: '2Gi' }),
    'maximum memory usage per Pod is 1Gi, but limit is 2Gi',
  ],
  [{ type: 'Pod', maxLimitRequestRatio: { cpu: '1.5' } }, pod({ cpu: '2' }, { cpu: '3' }), undefined],
  [
    { type: 'Pod', maxLimitRequestRatio: { cpu: '1.5' } },
    pod({ cpu: '2' }, { cpu: '4' }),
    'cpu max limit to request ratio per Pod is 1500m, but provided ratio is 2.000000',
  ],
  [
    { type: 'Container', max: { cpu: '1' } },
    pod({}, { cpu: '2' }),
    '[maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Container is 1.  No limit is specified]',
  ],
])('%j judges %j: %s', (item, given, problem) => {
  expect(joined(podProblems(given, range(item)))).toBe(problem);
});

test('claims have a least and a most', () => {
  const limits = range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
  const problemOf = (storage: string): string | undefined =>
    joined(
      claimProblems(
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'c' },
          spec: { resources: { requests: { storage } } },
        },
        limits,
      ),
    );
  expect(problemOf('1.5Gi')).toBeUndefined();
  expect(problemOf('1G')).toBe('minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1G');
  expect(problemOf('3Gi')).toBe('maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi');
});
