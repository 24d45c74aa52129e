import type { Rollout, RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { describe, expect, it } from 'vitest';
import { policiesIn, policyProgress } from './rollout-policy.ts';

const rolloutOf = (status: RolloutStatus): Rollout => ({
  apiVersion: 'gantry.dev/v1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'default', generation: 2 },
  spec: {
    workloadRef: { kind: 'Deployment', name: 'web' },
    strategy: { canary: { steps: [{ setWeight: 5 }, { pause: {} }, { pause: { durationSeconds: 9 } }] } },
  },
  status: { observedGeneration: 2, stableRevision: 'a', ...status },
});
const canary = { canaryRevision: 'b', canaryWeight: 5, message: 'Why.' };

describe('the progress of a rollout', () => {
  it.each<[RolloutStatus, boolean, string]>([
    [{ phase: 'Healthy' }, true, 'rollout "web" is complete: revision a has all requests'],
    [{ phase: 'Healthy', observedGeneration: 1 }, false, 'Waiting for rollout spec update to be observed...'],
    [{ phase: 'Initializing', message: 'Why.' }, false, 'rollout "web": Why.'],
    [
      { phase: 'Progressing', ...canary, currentStep: 0 },
      false,
      'rollout "web": revision b at step 1 of 3 with 5 % of the requests: Why.',
    ],
    [
      { phase: 'Paused', ...canary, currentStep: 1 },
      true,
      'rollout "web": revision b at step 2 of 3 with 5 % of the requests: Why.',
    ],
    [
      { phase: 'Paused', ...canary, currentStep: 2 },
      false,
      'rollout "web": revision b at step 3 of 3 with 5 % of the requests: Why.',
    ],
  ])('with status %j', (status, isDone, message) => {
    expect(policyProgress(rolloutOf(status))).toEqual({ isDone, message });
  });

  it('is a failure where the revision was aborted', () => {
    const aborted = rolloutOf({ phase: 'Degraded', message: 'Revision b was aborted: it is bad' });
    expect(() => policyProgress(aborted)).toThrow('rollout "web": Revision b was aborted: it is bad');
  });
});

it('tells rollouts from workloads by their kind alone', () => {
  expect(policiesIn(['rollout/web', 'ro/db'])).toEqual(['web', 'db']);
  expect(policiesIn(['rollouts.gantry.dev', 'web'])).toEqual(['web']);
  expect(policiesIn(['deploy/web'])).toBeUndefined();
  expect(policiesIn(['web'])).toBeUndefined();
  expect(policiesIn(['rollback'])).toBeUndefined();
  expect(() => policiesIn(['rollout/web', 'deploy/web'])).toThrow('a Deployment is no rollout');
});
