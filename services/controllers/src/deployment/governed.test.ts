import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Rollout, RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment } from '../testing/objects.ts';
import { deploymentController } from './deployment.ts';
import { hashLabel, newSetFor } from './sets.ts';

const now = Date.parse('2026-01-01T00:05:00Z');
const deployment: Deployment = aDeployment({ replicas: 4 }, 'web:2');

function aSet(image: string, replicas: number): ReplicaSet {
  const then = { ...deployment, spec: { ...deployment.spec, template: aDeployment({}, image).spec.template } };
  const set = newSetFor(then, replicas, BigInt(image.at(-1)!), 5);
  const creationTimestamp = `2026-01-01T00:00:0${image.at(-1)}Z`;
  const counts = { replicas, readyReplicas: replicas, availableReplicas: replicas, observedGeneration: 1 };
  return {
    ...set,
    metadata: {
      ...set.metadata,
      uid: image,
      resourceVersion: '9',
      generation: 1,
      creationTimestamp,
      ownerReferences: [controllerReference(deployment)],
    },
    status: counts,
  };
}
const revisionOf = (image: string): string => aSet(image, 0).metadata.labels![hashLabel]!;
const [old, present, oldest] = ['web:1', 'web:2', 'web:0'].map(revisionOf);

const aRollout = (status: RolloutStatus): Rollout => ({
  apiVersion: 'gantry.dev/v1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'default', uid: 'r', resourceVersion: '1' },
  spec: { workloadRef: { kind: 'Deployment', name: 'web' }, strategy: { canary: {} } },
  status,
});

const reconcile = (objects: readonly AnyObject[], of = deployment, revision?: number): readonly Action[] =>
  deploymentController(new FakeClock()).reconcile('default/web', fakeView([of, ...objects], revision), now);

/** Sizes that sets are written with, by image, in order. */
const sizesIn = (actions: readonly Action[]): [string, number][] =>
  actions.flatMap((action) => {
    if ((action.type !== 'update' && action.type !== 'create') || action.object.kind !== 'ReplicaSet') return [];
    return [[action.object.spec.template.spec!.containers[0]!.image!, action.object.spec.replicas!]];
  });

describe('a Deployment under a Rollout', () => {
  it('makes a new set without pods, and takes none from the stable one', () => {
    const actions = reconcile([aRollout({ stableRevision: old! }), aSet('web:1', 4)]);
    expect(sizesIn(actions)).toEqual([['web:2', 0]]);
  });

  it('gives the canary as many pods as the Rollout says, beside all of the stable revision', () => {
    const status = { stableRevision: old!, canaryRevision: present!, canaryReplicas: 2, canaryWeight: 5 };
    expect(sizesIn(reconcile([aRollout(status), aSet('web:1', 3), aSet('web:2', 0)]))).toEqual([
      ['web:1', 4],
      ['web:2', 2],
    ]);
    // Nothing else is left but what it needs.
    expect(sizesIn(reconcile([aRollout(status), aSet('web:0', 1), aSet('web:1', 4), aSet('web:2', 2)]))).toContainEqual(
      ['web:0', 0],
    );
  });

  it('takes the pods of an aborted canary, and is scaled with the stable revision', () => {
    const status = { stableRevision: old!, canaryRevision: present!, canaryReplicas: 0, phase: 'Degraded' };
    const scaled = { ...deployment, spec: { ...deployment.spec, replicas: 7 } };
    expect(sizesIn(reconcile([aRollout(status), aSet('web:1', 4), aSet('web:2', 2)], scaled))).toEqual([
      ['web:1', 7],
      ['web:2', 0],
    ]);
  });

  it('keeps the former revision for as long as the Rollout says, and then takes its pods', () => {
    const sets = [aSet('web:1', 4), aSet('web:2', 4), aSet('web:0', 0)];
    expect(sizesIn(reconcile([aRollout({ stableRevision: present!, drainingRevision: old! }), ...sets]))).toEqual([]);
    expect(sizesIn(reconcile([aRollout({ stableRevision: present! }), ...sets]))).toEqual([['web:1', 0]]);
    expect(oldest).not.toBe(old);
  });

  it('does not fail by a deadline of its own', () => {
    const Progressing = { type: 'Progressing', lastUpdateTime: '2025-01-01T00:00:00Z' } as const;
    const counts = { replicas: 8, updatedReplicas: 4, readyReplicas: 8, availableReplicas: 8 };
    const late = (reason: string): Deployment => ({
      ...deployment,
      status: { ...counts, conditions: [{ ...Progressing, status: 'True', reason }] },
    });
    const sets = [aSet('web:1', 4), aSet('web:2', 4)];
    const reasonIn = (actions: readonly Action[]): string | undefined => {
      const written = actions.find((action) => action.type === 'updateStatus')?.object as Deployment | undefined;
      return written?.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason;
    };
    const canary = aRollout({ stableRevision: old!, canaryRevision: present!, canaryReplicas: 4 });
    expect(reasonIn(reconcile([canary, ...sets], late('ReplicaSetUpdated')))).toBe('RolloutDecides');
    const done = aRollout({ stableRevision: present! });
    expect(reasonIn(reconcile([done, ...sets], late('RolloutDecides')))).toBe('DeploymentResumed');
    // Without a policy it would.
    expect(reasonIn(reconcile(sets, late('ReplicaSetUpdated')))).toBe('ProgressDeadlineExceeded');
  });

  it('waits for the policy of a view that is too old to say which revision is stable', () => {
    const recent = { ...deployment, metadata: { ...deployment.metadata, resourceVersion: '8' } };
    const objects = [aRollout({}), aSet('web:1', 4)];
    expect(reconcile(objects, recent, 7)).toEqual([{ type: 'requeue', afterMs: 500 }]);
    expect(sizesIn(reconcile(objects, recent, 9))).toEqual([['web:2', 1]]);
  });
});
