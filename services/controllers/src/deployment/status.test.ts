import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@gantry/model/gen/gantry.apps.v1.ts';
import { describe, expect, it } from 'vitest';
import { aDeployment, aReplicaSet } from '../testing/objects.ts';
import { rolloutBounds } from './rolling.ts';
import { deadlineAction, type Rollout, rolloutStatusOf, statusOf, statusWrite } from './status.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const fresh = '2026-01-01T01:00:00Z';
const earlier = '2026-01-01T00:00:00Z';
const never = (): number => 0;

type Counts = readonly [wanted: number, pods: number, ready: number, available: number];

function setOf(name: string, [wanted, replicas, readyReplicas, availableReplicas]: Counts): ReplicaSet {
  const set = aReplicaSet(wanted);
  set.metadata.name = name;
  set.status = { replicas, readyReplicas, availableReplicas, terminatingReplicas: 0, observedGeneration: 1 };
  return set;
}

function rolloutOf(current: Counts | undefined, old: Counts, stored: DeploymentStatus = {}, spec = {}): Rollout {
  const deployment: Deployment = { ...aDeployment({ replicas: 4, ...spec }), status: stored };
  return {
    deployment,
    current: current === undefined ? undefined : setOf('web-2', current),
    old: [setOf('web-1', old)],
    bounds: rolloutBounds(4, 1, 1),
  };
}

const progressing = (reason: string, status = 'True', message = 'before'): DeploymentCondition => ({
  type: 'Progressing',
  status,
  reason,
  message,
  lastUpdateTime: earlier,
  lastTransitionTime: earlier,
});

const conditionIn = (status: DeploymentStatus, type: string): DeploymentCondition | undefined =>
  status.conditions!.find((condition) => condition.type === type);

describe('a status', () => {
  it('adds the sets up', () => {
    expect(statusOf(rolloutOf([3, 2, 1, 1], [2, 3, 3, 2], { collisionCount: 2 }), [], now)).toEqual({
      observedGeneration: 1,
      replicas: 5,
      updatedReplicas: 2,
      readyReplicas: 4,
      availableReplicas: 3,
      unavailableReplicas: 2,
      terminatingReplicas: 0,
      collisionCount: 2,
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
          lastUpdateTime: fresh,
          lastTransitionTime: fresh,
        },
      ],
    });
  });

  it.each<[terminating: readonly (number | undefined)[], observed: readonly number[], total: number | undefined]>([
    [[3, 1], [1, 1], 4],
    [[3, undefined], [1, 0], 3],
    [[3, undefined], [1, 1], undefined],
    [[undefined, undefined], [0, 0], 0],
  ])('counts terminating pods of %j, seen %j, as %s', (terminating, observed, total) => {
    const sets = terminating.map((terminatingReplicas, index) => {
      const set = aReplicaSet(1);
      set.status = { observedGeneration: observed[index]!, terminatingReplicas };
      return set;
    });
    const rollout = { ...rolloutOf(undefined, [0, 0, 0, 0]), current: sets[0], old: sets.slice(1) };
    expect(statusOf(rollout, [], now).terminatingReplicas).toBe(total);
  });

  it('is available with all replicas alone where pods are recreated', () => {
    const recreating = {
      ...rolloutOf([4, 4, 3, 3], [0, 0, 0, 0]),
      bounds: { replicas: 4, maxSurge: 0, maxUnavailable: 0 },
    };
    expect(conditionIn(statusOf(recreating, [], now), 'Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
      message: 'Deployment does not have minimum availability.',
    });
  });

  it('is not written because of a 0 that is absent, but where terminating pods were counted first', () => {
    const { deployment, ...sets } = rolloutOf([4, 4, 4, 4], [0, 0, 0, 0]);
    const status = statusOf({ deployment, ...sets }, [], now);
    const { unavailableReplicas: _zero, ...stored } = status;
    expect(statusWrite({ ...deployment, status: stored }, status, undefined)).toEqual([]);
    expect(
      statusWrite({ ...deployment, status: { ...stored, terminatingReplicas: undefined } }, status, undefined),
    ).toHaveLength(1);
  });
});

describe('the Progressing condition', () => {
  const all: Counts = [4, 4, 4, 4];
  const none: Counts = [0, 0, 0, 0];
  const done = { replicas: 4, updatedReplicas: 4, readyReplicas: 4, availableReplicas: 4 };

  it.each<
    [what: string, current: Counts, old: Counts, before: DeploymentStatus, reason: string, then: string, status: string]
  >([
    ['is complete', all, none, {}, 'ReplicaSetUpdated', 'NewReplicaSetAvailable', 'True'],
    ['is complete after it had failed', all, none, {}, 'ProgressDeadlineExceeded', 'NewReplicaSetAvailable', 'True'],
    [
      'made pods',
      [2, 2, 0, 0],
      [4, 4, 4, 4],
      { replicas: 5, updatedReplicas: 1, readyReplicas: 4, availableReplicas: 4 },
      'NewReplicaSetCreated',
      'ReplicaSetUpdated',
      'True',
    ],
    [
      'lost old pods',
      [2, 2, 0, 0],
      [3, 3, 3, 3],
      { replicas: 6, updatedReplicas: 2, readyReplicas: 4, availableReplicas: 4 },
      'NewReplicaSetCreated',
      'ReplicaSetUpdated',
      'True',
    ],
    [
      'has pods that became ready',
      [2, 2, 1, 0],
      [3, 3, 3, 3],
      { replicas: 5, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3 },
      'DeploymentResumed',
      'ReplicaSetUpdated',
      'True',
    ],
    [
      'moved after it had failed',
      [2, 2, 1, 0],
      [3, 3, 3, 3],
      { replicas: 5, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3 },
      'ProgressDeadlineExceeded',
      'ReplicaSetUpdated',
      'True',
    ],
    [
      'has not moved',
      [2, 2, 0, 0],
      [3, 3, 3, 3],
      { replicas: 5, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3 },
      'NewReplicaSetCreated',
      'NewReplicaSetCreated',
      'True',
    ],
    [
      'was complete and lost a pod of its own',
      [4, 4, 3, 3],
      none,
      done,
      'NewReplicaSetAvailable',
      'NewReplicaSetAvailable',
      'True',
    ],
    ['was complete and begins anew', none, all, done, 'NewReplicaSetAvailable', 'NewReplicaSetAvailable', 'True'],
  ])('of a rollout that %s', (_what, current, old, before, reason, then, status) => {
    const rollout = rolloutOf(current, old, before);
    const after = rolloutStatusOf(
      rollout,
      [progressing(reason, reason.includes('Exceeded') ? 'False' : 'True')],
      never,
      now,
    );
    expect(conditionIn(after, 'Progressing')).toMatchObject({ reason: then, status });
  });

  const stuck: DeploymentStatus = { replicas: 5, updatedReplicas: 2, readyReplicas: 3, availableReplicas: 3 };
  const stuckRollout = (spec = {}): Rollout => rolloutOf([2, 2, 0, 0], [3, 3, 3, 3], stuck, spec);

  it.each<[reason: string, ageMs: number, isTimedOut: boolean]>([
    ['NewReplicaSetCreated', 599_000, false],
    ['NewReplicaSetCreated', 600_000, false],
    ['NewReplicaSetCreated', 600_001, true],
    ['DeploymentResumed', 600_001, true],
    ['FoundNewReplicaSet', 600_001, true],
    ['ReplicaSetCreateError', 600_001, true],
    ['NewReplicaSetAvailable', 600_001, false],
  ])('%s, %i ms old, has timed out: %s', (reason, ageMs, isTimedOut) => {
    const after = rolloutStatusOf(stuckRollout(), [progressing(reason)], () => ageMs, now);
    const condition = conditionIn(after, 'Progressing');
    if (!isTimedOut) expect(condition).toEqual(progressing(reason));
    else {
      expect(condition).toEqual({
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "web-2" has timed out progressing.',
        lastUpdateTime: fresh,
        lastTransitionTime: fresh,
      });
    }
  });

  it('is looked at again a second after the deadline, unless nothing can come of it', () => {
    const at = (reason: string, ageMs: number, spec = {}) => {
      const rollout = stuckRollout(spec);
      const status = { ...stuck, conditions: [progressing(reason)] };
      return deadlineAction(rollout.deployment, status, () => ageMs);
    };
    expect(at('ReplicaSetUpdated', 10_000)).toEqual({ type: 'requeue', afterMs: 591_000 });
    expect(at('ReplicaSetUpdated', 900_000)).toEqual({ type: 'requeue', afterMs: 1_000 });
    expect(at('ProgressDeadlineExceeded', 10_000)).toBeUndefined();
    expect(at('NewReplicaSetAvailable', 10_000)).toBeUndefined();
    expect(at('ReplicaSetUpdated', 10_000, { progressDeadlineSeconds: 2 ** 31 - 1 })).toBeUndefined();
  });

  it('keeps the time of its transition with each progress, and says when the last one was', () => {
    const before = { ...stuck, updatedReplicas: 1 };
    const rollout = rolloutOf([2, 2, 0, 0], [3, 3, 3, 3], before);
    const after = rolloutStatusOf(rollout, [progressing('ReplicaSetUpdated')], never, now);
    expect(conditionIn(after, 'Progressing')).toEqual({
      ...progressing('ReplicaSetUpdated', 'True', 'ReplicaSet "web-2" is progressing.'),
      lastUpdateTime: fresh,
    });
  });

  it('goes where nobody watches over progress', () => {
    const rollout = stuckRollout({ progressDeadlineSeconds: 2 ** 31 - 1 });
    const after = rolloutStatusOf(rollout, [progressing('ReplicaSetUpdated')], never, now);
    expect(conditionIn(after, 'Progressing')).toBeUndefined();
  });

  it('names the Deployment while it has no set', () => {
    const rollout = rolloutOf(undefined, [3, 3, 3, 3], { replicas: 4 });
    const after = rolloutStatusOf(rollout, [progressing('ReplicaSetUpdated')], never, now);
    expect(conditionIn(after, 'Progressing')?.message).toBe('Deployment "web" is progressing.');
  });
});

describe('the ReplicaFailure condition', () => {
  const failing = (set: ReplicaSet, message: string): void => {
    const condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message };
    set.status!.conditions = [{ ...condition, lastTransitionTime: earlier }];
  };

  it('is that of a set, of the present template before all others, and goes with it', () => {
    const rollout = rolloutOf([3, 2, 1, 1], [2, 3, 3, 2]);
    const told = (conditions: DeploymentCondition[] = []) =>
      conditionIn(rolloutStatusOf(rollout, conditions, never, now), 'ReplicaFailure');
    expect(told()).toBeUndefined();
    failing(rollout.old[0]!, 'old');
    const expected = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'old' };
    expect(told()).toEqual({ ...expected, lastUpdateTime: earlier, lastTransitionTime: earlier });
    failing(rollout.current!, 'new');
    expect(told()?.message).toBe('new');
    rollout.old[0]!.status!.conditions = [];
    rollout.current!.status!.conditions = [];
    expect(told([{ ...expected, lastUpdateTime: earlier, lastTransitionTime: earlier }])).toBeUndefined();
  });
});
