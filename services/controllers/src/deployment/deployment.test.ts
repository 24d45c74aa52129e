import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aPod, aReplicaSet } from '../testing/objects.ts';
import { deploymentController as makeController } from './deployment.ts';
import { newSetFor } from './sets.ts';

const deploymentController = makeController(new FakeClock());

const now = Date.parse('2026-01-01T00:05:00Z');
const reconcile = (objects: readonly AnyObject[], revision?: number): readonly Action[] =>
  deploymentController.reconcile('default/web', fakeView(objects, revision), now);
const typesOf = (actions: readonly Action[]): string[] => actions.map(({ type }) => type);
const updatesOf = (actions: readonly Action[]): ReplicaSet[] =>
  actions.flatMap((action) => (action.type === 'update' ? [action.object as ReplicaSet] : []));

/** A set that its controller has seen, with as many pods as it says. */
function aSetOf(deployment: Deployment, replicas: number, pods = replicas): ReplicaSet {
  const set = newSetFor(deployment, replicas, 1n, 4);
  const metadata = { ...set.metadata, uid: `uid-${set.metadata.name}`, resourceVersion: '9', generation: 2 };
  const status = { replicas: pods, availableReplicas: pods, readyReplicas: pods, observedGeneration: 2 };
  return { ...set, metadata, status };
}

describe('a change of a pod', () => {
  it('concerns Deployments alone that recreate their pods', () => {
    const keys = (type: string): readonly string[] => {
      const deployment = aDeployment({ strategy: { type } });
      const set = aReplicaSet(1, deployment);
      return deploymentController.keysFor(aPod('p', { owner: set }), fakeView([deployment, set]));
    };
    expect(keys('Recreate')).toEqual(['default/web']);
    expect(keys('RollingUpdate')).toEqual([]);
  });
});

describe('a rollout', () => {
  it('tells of no scaling from 0 to 0', () => {
    expect(typesOf(reconcile([aDeployment({ replicas: 0 })]))).not.toContain('event');
    expect(reconcile([aDeployment({ replicas: 2 })])).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/^Scaled up replica set web-\w+ from 0 to 2$/) }),
    );
  });

  it('makes no new set because a template spells out what is empty', () => {
    const set = aSetOf(aDeployment(), 3);
    const deployment = aDeployment();
    const container = deployment.spec.template!.spec!.containers[0]!;
    Object.assign(container, { env: [], securityContext: {} });
    set.metadata.ownerReferences = [{ ...controllerOf(set)!, uid: deployment.metadata.uid! }];
    expect(typesOf(reconcile([deployment, set]))).not.toContain('create');
  });

  it('keeps the status right before it writes anything that may be refused for ever', () => {
    const deployment = aDeployment({}, 'web:2');
    const old = aSetOf(aDeployment({}, 'web:1'), 3);
    old.metadata.ownerReferences = [{ ...controllerOf(old)!, uid: deployment.metadata.uid! }];
    const current = aSetOf(deployment, 0);
    expect(typesOf(reconcile([deployment, current, old])).filter((type) => type.startsWith('update'))).toEqual([
      'updateStatus',
      'update',
    ]);
  });

  it('gives the new set no room for pods that the old one still has, or may still make', () => {
    const deployment = aDeployment({ replicas: 3 }, 'web:2');
    const current = aSetOf(deployment, 0);
    const grown = (old: ReplicaSet): number | undefined =>
      updatesOf(reconcile([deployment, current, old])).find(({ metadata }) => metadata.name === current.metadata.name)
        ?.spec.replicas;
    const before = aDeployment({ replicas: 3 }, 'web:1');
    const owned = (set: ReplicaSet): ReplicaSet => {
      const ownerReferences = [{ ...controllerOf(set)!, uid: deployment.metadata.uid! }];
      return { ...set, metadata: { ...set.metadata, ownerReferences } };
    };
    expect(grown(owned(aSetOf(before, 3)))).toBe(1);
    expect(grown(owned(aSetOf(before, 2)))).toBe(2);
    // It was shrunk, and its pods are still there.
    expect(grown(owned(aSetOf(before, 2, 4)))).toBe(0);
    // It was shrunk, and its controller does not know it yet.
    const unseen = owned(aSetOf(before, 2));
    unseen.status!.observedGeneration = 1;
    expect(grown(unseen)).toBe(0);
  });

  it('leaves the cause of an older change with the set that it made', () => {
    const because = (cause: string, image: string): Deployment => {
      const deployment = aDeployment({ replicas: 3 }, image);
      deployment.metadata.annotations = { 'kubernetes.io/change-cause': cause };
      return deployment;
    };
    const deployment = because('second', 'web:2');
    const owned = (set: ReplicaSet): ReplicaSet => {
      const ownerReferences = [{ ...controllerOf(set)!, uid: deployment.metadata.uid! }];
      return { ...set, metadata: { ...set.metadata, ownerReferences } };
    };
    const old = owned(aSetOf(because('first', 'web:1'), 3));
    const written = updatesOf(reconcile([deployment, owned(aSetOf(deployment, 1)), old]));
    const shrunk = written.find(({ metadata }) => metadata.name === old.metadata.name);
    expect(shrunk?.spec.replicas).toBeLessThan(3);
    expect(shrunk?.metadata.annotations).toMatchObject({ 'kubernetes.io/change-cause': 'first' });
  });

  it('adopts a set only with a view as new as the set, and if the api says that the Deployment lives', () => {
    const deployment = aDeployment();
    const set = aSetOf(deployment, 3);
    delete set.metadata.ownerReferences;
    expect(typesOf(reconcile([deployment, set], 8))).toEqual(['requeue']);
    expect(reconcile([deployment, set], 9)).toMatchObject([
      {
        type: 'patchMetadata',
        requires: [{ type: 'alive', ref: { kind: 'Deployment', uid: deployment.metadata.uid } }],
      },
    ]);
  });

  it('that recreates waits until nobody can have a pod of the old set', () => {
    const strategy = { type: 'Recreate' };
    const deployment = aDeployment({ strategy }, 'web:2');
    const old = aSetOf(aDeployment({ strategy }, 'web:1'), 0);
    old.metadata.ownerReferences = [{ ...controllerOf(old)!, uid: deployment.metadata.uid! }];
    expect(typesOf(reconcile([deployment, old], 9))).toContain('create');
    expect(typesOf(reconcile([deployment, old], 8))).not.toContain('create');
    const ending = aPod('p', { owner: old, node: 'n' });
    ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(typesOf(reconcile([deployment, old, ending], 9))).not.toContain('create');
  });
});
