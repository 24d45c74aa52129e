import type { Pod, ReplicationController } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aPod, aReplicaSet } from '../testing/objects.ts';
import { replicaSetController as makeController, replicationController } from './replicaset.ts';

const replicaSetController = makeController();

const now = Date.parse('2026-01-01T00:05:00Z');
const reconcile = (objects: readonly AnyObject[], nowMs = now): readonly Action[] =>
  replicaSetController.reconcile('default/web-1', fakeView(objects), nowMs);
const ofType = <T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }>[] =>
  actions.filter((action): action is Extract<Action, { type: T }> => action.type === type);

/** The status of a set all of whose pods are ready. */
const allReady = (replicas: number): Record<string, number> => ({
  replicas,
  fullyLabeledReplicas: replicas,
  readyReplicas: replicas,
  availableReplicas: replicas,
});

describe('replicaSetController', () => {
  it('creates what is missing, from the template, as its owner', () => {
    const set = aReplicaSet(3);
    const created = ofType(reconcile([set, aPod('a', { owner: set, node: 'n' })]), 'create');
    expect(created).toHaveLength(2);
    expect(created[0]!.object).toMatchObject({
      metadata: {
        generateName: 'web-1-',
        namespace: 'default',
        labels: { app: 'web' },
        ownerReferences: [{ uid: set.metadata.uid, controller: true }],
      },
      spec: { containers: [{ image: 'web:1' }] },
    });
  });

  it('does not count pods that ended or are on their way out', () => {
    const set = aReplicaSet(2);
    const failed = aPod('failed', { owner: set });
    failed.status!.phase = 'Failed';
    const leaving = aPod('leaving', { owner: set, node: 'n' });
    leaving.metadata.deletionTimestamp = '2026-01-01T00:04:00Z';
    expect(ofType(reconcile([set, failed, leaving]), 'create')).toHaveLength(2);
  });

  it('deletes the pods that serve least', () => {
    const set = aReplicaSet(1);
    const pods = [
      aPod('ready', { owner: set, node: 'n' }),
      aPod('unready', { owner: set, node: 'n', ready: false }),
      aPod('unbound', { owner: set, ready: false }),
    ];
    const deleted = ofType(reconcile([set, ...pods]), 'delete').map(({ object }) => object.metadata.name);
    expect(deleted).toEqual(['unbound', 'unready']);
  });

  it('adopts orphans that it selects and lets go of pods that it does not', () => {
    const set = aReplicaSet(1);
    const stray = aPod('stray', { owner: set, node: 'n', labels: { app: 'other' } });
    const updates = ofType(reconcile([set, aPod('orphan', { node: 'n' }), stray]), 'patchMetadata');
    expect(updates.map(({ object, metadata }) => [object.metadata.name, metadata.ownerReferences?.length])).toEqual([
      ['orphan', 1],
      ['stray', 0],
    ]);
    expect(ofType(reconcile([set, aPod('orphan', { node: 'n' })]), 'create')).toEqual([]);
  });

  it('adopts only with a view of sets as new as the orphan, and if the api says that the set lives', () => {
    const set = aReplicaSet(1);
    const orphan = aPod('orphan', { node: 'n' });
    orphan.metadata.resourceVersion = '9';
    const late = replicaSetController.reconcile('default/web-1', fakeView([set, orphan], 8), now);
    expect(late).toMatchObject([{ type: 'requeue' }]);
    const [adoption] = ofType(reconcile([set, orphan]), 'patchMetadata');
    expect(adoption!.requires).toMatchObject([{ type: 'alive', ref: { kind: 'ReplicaSet', uid: set.metadata.uid } }]);
  });

  it('does not look at the time where minReadySeconds is 0, and waits at most that long by its own clock', () => {
    const set = aReplicaSet(1);
    const pod = aPod('a', { owner: set, node: 'n' });
    const hoursBehind = Date.parse('2025-12-31T22:00:00Z');
    expect(ofType(reconcile([set, pod], hoursBehind), 'updateStatus')[0]!.object).toMatchObject({
      status: { availableReplicas: 1 },
    });
    set.spec.minReadySeconds = 60;
    const after = (readyForMs: number): readonly Action[] => {
      const view = { ...fakeView([set, pod]), readyForMs: () => readyForMs };
      return replicaSetController.reconcile('default/web-1', view, hoursBehind);
    };
    expect(ofType(after(20_000), 'requeue')).toEqual([{ type: 'requeue', afterMs: 40_000 }]);
    expect(ofType(after(60_000), 'updateStatus')[0]!.object).toMatchObject({ status: { availableReplicas: 1 } });
  });

  it('counts a pod as available only after minReadySeconds, and comes back then', () => {
    const set = aReplicaSet(1);
    set.spec.minReadySeconds = 60;
    const objects = [set, aPod('a', { owner: set, node: 'n' })];
    const early = reconcile(objects, Date.parse('2026-01-01T00:01:40Z'));
    expect(ofType(early, 'updateStatus')[0]!.object).toMatchObject({
      status: { readyReplicas: 1, availableReplicas: 0 },
    });
    expect(ofType(early, 'requeue')).toEqual([{ type: 'requeue', afterMs: 20_000 }]);
    expect(ofType(reconcile(objects), 'updateStatus')[0]!.object).toMatchObject({ status: { availableReplicas: 1 } });
  });

  it('does nothing where everything is as it should be', () => {
    const set = aReplicaSet(1);
    set.status = { ...allReady(1), terminatingReplicas: 0 };
    expect(reconcile([set, aPod('a', { owner: set, node: 'n' })])).toEqual([]);
  });

  it('creates and deletes nothing for a set that is being deleted', () => {
    const set = aReplicaSet(3);
    set.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(ofType(reconcile([set]), 'create')).toEqual([]);
  });

  it('tells why pods cannot be made, until there are as many as are wanted', () => {
    const controller = makeController();
    const set = aReplicaSet(2);
    const refused = new GantryError('Forbidden', 'exceeded quota: few');
    const statusAfter = (objects: readonly AnyObject[]) =>
      ofType(controller.reconcile('default/web-1', fakeView(objects), now), 'updateStatus')[0]?.object as typeof set;
    controller.failed!('default/web-1', new GantryError('Conflict', 'too late'), 'create');
    controller.failed!('default/web-1', refused, 'updateStatus');
    expect(statusAfter([set])?.status?.conditions).toBeUndefined();
    controller.failed!('default/web-1', refused, 'create');
    const failing = { ...set, status: statusAfter([set]).status! };
    expect(failing.status.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota: few' },
    ]);
    const pods = [aPod('a', { owner: set, node: 'n' }), aPod('b', { owner: set, node: 'n' })];
    expect(statusAfter([failing, ...pods]).status!.conditions).toEqual([]);
    expect(statusAfter([set])?.status?.conditions).toBeUndefined();
  });

  it('tells why pods cannot be deleted', () => {
    const controller = makeController();
    const set = aReplicaSet(0);
    controller.failed!('default/web-1', new GantryError('Forbidden', 'no'), 'delete');
    const view = fakeView([set, aPod('a', { owner: set, node: 'n' })]);
    const [status] = ofType(controller.reconcile('default/web-1', view, now), 'updateStatus');
    expect((status!.object as typeof set).status!.conditions).toMatchObject([
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedDelete', message: 'unable to delete pods: no' },
    ]);
  });

  it('counts pods that are being deleted apart, and those that ended not at all', () => {
    const set = aReplicaSet(1);
    const ending = (name: string, phase = 'Running'): Pod => {
      const pod = aPod(name, { owner: set, node: 'n' });
      pod.metadata.deletionTimestamp = '2026-01-01T00:04:00Z';
      pod.status!.phase = phase;
      return pod;
    };
    const others = [ending('b'), ending('c'), ending('d', 'Succeeded'), ending('e', 'Failed')];
    const [status] = ofType(reconcile([set, aPod('a', { owner: set, node: 'n' }), ...others]), 'updateStatus');
    expect((status!.object as typeof set).status).toEqual({
      ...allReady(1),
      observedGeneration: 0,
      terminatingReplicas: 2,
    });
  });

  it('prefers victims on nodes where other sets of its Deployment have pods', () => {
    const deployment = aDeployment();
    const set = aReplicaSet(1, deployment);
    const sibling = { ...aReplicaSet(1, deployment) };
    sibling.metadata.name = 'web-2';
    const pods = [
      aPod('a', { owner: set, node: 'n1' }),
      aPod('b', { owner: set, node: 'n2' }),
      aPod('c', { owner: sibling, node: 'n2' }),
    ];
    const deleted = ofType(reconcile([deployment, set, sibling, ...pods]), 'delete');
    expect(deleted.map(({ object }) => object.metadata.name)).toEqual(['b']);
  });

  it('hears of its pods and of orphans that it may adopt', () => {
    const set = aReplicaSet(1);
    const view = fakeView([set]);
    expect(replicaSetController.keysFor(aPod('a', { owner: set }), view)).toEqual(['default/web-1']);
    expect(replicaSetController.keysFor(aPod('b'), view)).toEqual(['default/web-1']);
    expect(replicaSetController.keysFor(aPod('c', { labels: { app: 'x' } }), view)).toEqual([]);
  });
});

describe('replicationController', () => {
  const controller = replicationController();
  const set = {
    ...aReplicaSet(2),
    apiVersion: 'v1',
    kind: 'ReplicationController',
    spec: { replicas: 2, selector: { app: 'web' }, template: aReplicaSet(1).spec.template! },
  } as ReplicationController;

  it('makes pods as their owner, and adopts those with its labels', () => {
    const actions = controller.reconcile('default/web-1', fakeView([set, aPod('orphan', { node: 'n' })]), now);
    expect(ofType(actions, 'create').map(({ object }) => object.metadata.ownerReferences)).toMatchObject([
      [{ apiVersion: 'v1', kind: 'ReplicationController', controller: true }],
    ]);
    expect(ofType(actions, 'patchMetadata').map(({ object }) => object.metadata.name)).toEqual(['orphan']);
  });

  it('has no count of pods that are being deleted', () => {
    const actions = controller.reconcile('default/web-1', fakeView([set, aPod('orphan', { node: 'n' })]), now);
    const [status] = ofType(actions, 'updateStatus');
    expect((status!.object as ReplicationController).status).toEqual({ ...allReady(1), observedGeneration: 0 });
  });

  it('leaves pods of other labels and owners alone', () => {
    const others = [aPod('a', { labels: { app: 'x' } }), aPod('b', { owner: aReplicaSet(1) })];
    const actions = controller.reconcile('default/web-1', fakeView([set, ...others]), now);
    expect(ofType(actions, 'update')).toEqual([]);
    expect(controller.keysFor(others[0]!, fakeView([set]))).toEqual([]);
  });
});
