import type { Rollout, RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment } from '../testing/objects.ts';
import { limitsOf, podsOf, rolloutFor } from './limits.ts';

const aRollout = (name: string, status: RolloutStatus = {}, creationTimestamp = '2026-01-01T00:00:00Z'): Rollout => ({
  apiVersion: 'gantry.dev/v1',
  kind: 'Rollout',
  metadata: { name, namespace: 'default', uid: name, creationTimestamp },
  spec: { workloadRef: { kind: 'Deployment', name: 'web' }, strategy: { canary: {} } },
  status,
});

/** Pods that each revision may have of a workload with ten, whose present revision is this one. */
function pods(status: RolloutStatus, revision: string | undefined): Record<string, number | 'held'> | undefined {
  const limits = limitsOf(aRollout('r', status), revision);
  if (limits === undefined) return undefined;
  return Object.fromEntries(['a', 'b', 'c'].map((name) => [name, podsOf(name, limits, 10)]));
}

describe('limits', () => {
  it.each<[string, RolloutStatus, string | undefined, ReturnType<typeof pods>]>([
    ['none before a revision was complete', {}, 'b', undefined],
    ['none where the stable revision is the present one', { stableRevision: 'a' }, 'a', undefined],
    ['none of a policy that does not count', { stableRevision: 'a', phase: 'Ignored' }, 'b', undefined],
    ['no pods of a revision that the policy does not know', { stableRevision: 'a' }, 'b', { a: 10, b: 0, c: 0 }],
    [
      'the stable revision alone before the next one is there',
      { stableRevision: 'a' },
      undefined,
      { a: 10, b: 0, c: 0 },
    ],
    [
      'the pods of the canary',
      { stableRevision: 'a', canaryRevision: 'b', canaryReplicas: 3, canaryWeight: 30 },
      'b',
      { a: 10, b: 3, c: 0 },
    ],
    [
      'a former canary as it is while it has requests',
      { stableRevision: 'a', canaryRevision: 'b', canaryReplicas: 3, canaryWeight: 30 },
      'c',
      { a: 10, b: 'held', c: 0 },
    ],
    [
      'a canary as it is while it has requests and the workload went back',
      { stableRevision: 'a', canaryRevision: 'b', canaryReplicas: 3, canaryWeight: 30 },
      'a',
      { a: 10, b: 'held', c: 0 },
    ],
    ['a former stable revision', { stableRevision: 'b', drainingRevision: 'a' }, 'b', { a: 'held', b: 10, c: 0 }],
    [
      'a former stable revision that comes back',
      { stableRevision: 'b', drainingRevision: 'a' },
      'a',
      { a: 0, b: 10, c: 0 },
    ],
  ])('are %s', (_, status, revision, expected) => {
    expect(pods(status, revision)).toEqual(expected);
  });

  it('come from the oldest policy for the workload', () => {
    const view = fakeView([
      aRollout('b'),
      aRollout('old', {}, '2025-01-01T00:00:00Z'),
      aRollout('a'),
      { ...aRollout('other'), spec: { workloadRef: { kind: 'StatefulSet', name: 'web' }, strategy: {} } },
    ]);
    expect(rolloutFor(aDeployment(), view)?.metadata.name).toBe('old');
    expect(rolloutFor(aDeployment(), fakeView([aRollout('b'), aRollout('a')]))?.metadata.name).toBe('a');
    expect(rolloutFor(aDeployment(), fakeView([]))).toBeUndefined();
  });
});
