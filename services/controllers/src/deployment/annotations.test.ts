import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { describe, expect, it } from 'vitest';
import { aDeployment, aReplicaSet } from '../testing/objects.ts';
import {
  currentAnnotations,
  desiredWhenSized,
  revisionOf,
  rollbackRevisionOf,
  rolledBackAnnotations,
} from './annotations.ts';

const prefix = 'deployment.kubernetes.io';
const deploymentWith = (annotations: Record<string, string>): Deployment => {
  const deployment = aDeployment();
  deployment.metadata.annotations = annotations;
  return deployment;
};
const of = (annotations: Record<string, string>) => ({ metadata: { annotations } });

describe('the set of the present template', () => {
  it.each<[what: string, set: Record<string, string>, revision: bigint, then: Record<string, string>]>([
    ['gets a number', {}, 3n, { revision: '3' }],
    ['keeps a number that is high enough', { revision: '4' }, 3n, { revision: '4' }],
    ['remembers its number where it comes back', { revision: '1' }, 3n, { revision: '3', 'revision-history': '1' }],
    [
      'remembers all its numbers',
      { revision: '3', 'revision-history': '1' },
      5n,
      { revision: '5', 'revision-history': '1,3' },
    ],
    [
      'counts in 64 bits',
      { revision: '3546343826724305832' },
      3546343826724305833n,
      { revision: '3546343826724305833', 'revision-history': '3546343826724305832' },
    ],
    ['forgets what is no number', { revision: 'x' }, 2n, { revision: '2' }],
  ])('%s', (_what, set, revision, then) => {
    const prefixed = (short: Record<string, string>): Record<string, string> =>
      Object.fromEntries(Object.entries(short).map(([name, value]) => [`${prefix}/${name}`, value]));
    expect(currentAnnotations(deploymentWith({}), of(prefixed(set)), revision)).toEqual(prefixed(then));
  });

  it('takes over what people wrote on its Deployment, and nothing of the machinery', () => {
    const deployment = deploymentWith({
      'kubernetes.io/change-cause': 'new',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'deprecated.deployment.rollback.to': '2',
      [`${prefix}/revision`]: '7',
      [`${prefix}/max-replicas`]: '7',
    });
    const set = of({ 'kubernetes.io/change-cause': 'old', kept: 'yes', [`${prefix}/max-replicas`]: '4' });
    expect(currentAnnotations(deployment, set, 1n)).toEqual({
      'kubernetes.io/change-cause': 'new',
      kept: 'yes',
      [`${prefix}/max-replicas`]: '4',
      [`${prefix}/revision`]: '1',
    });
  });

  it('forgets its oldest numbers beyond 2,000 characters', () => {
    const history = Array.from({ length: 399 }, () => '1000').join();
    const set = of({ [`${prefix}/revision`]: '12345', [`${prefix}/revision-history`]: `first,${history}` });
    const { [`${prefix}/revision-history`]: then } = currentAnnotations(deploymentWith({}), set, 12346n);
    expect(then!.length).toBeLessThanOrEqual(2000);
    expect(then).toMatch(/^1000,.*,1000,12345$/);
  });
});

it('a Deployment that goes back to a set takes its annotations with it', () => {
  const set = aReplicaSet(1);
  set.metadata.annotations = { cause: 'first', [`${prefix}/revision`]: '1', [`${prefix}/desired-replicas`]: '3' };
  const deployment = deploymentWith({
    cause: 'second',
    other: 'second',
    [`${prefix}/revision`]: '2',
    'deprecated.deployment.rollback.to': '1',
  });
  expect(rolledBackAnnotations(deployment, set)).toEqual({ cause: 'first', [`${prefix}/revision`]: '2' });
});

it('numbers that are none count as absent', () => {
  expect(revisionOf(of({ [`${prefix}/revision`]: '1x' }))).toBe(0n);
  expect(revisionOf(of({}))).toBe(0n);
  expect(revisionOf(of({ [`${prefix}/revision`]: '9223372036854775808' }))).toBe(0n);
  expect(rollbackRevisionOf(of({ 'deprecated.deployment.rollback.to': '' }))).toBeUndefined();
  expect(rollbackRevisionOf(of({ 'deprecated.deployment.rollback.to': '0' }))).toBe(0n);
  for (const value of ['', '-1', '1.5', '2147483648', 'x']) {
    expect(desiredWhenSized(of({ [`${prefix}/desired-replicas`]: value }))).toBeUndefined();
  }
  expect(desiredWhenSized(of({ [`${prefix}/desired-replicas`]: '2147483647' }))).toBe(2147483647);
});
