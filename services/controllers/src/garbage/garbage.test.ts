import type { AnyKind } from '@gantry/client/api.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { PriorityClass } from '@gantry/model/gen/gantry.scheduling.v1.ts';
import { describe, expect, it } from 'vitest';
import { type Action, type AnyObject, type View, waitForView } from '../core/action.ts';
import { fakeView, tableWith } from '../testing/fake-view.ts';
import { aGizmo, aWidget } from '../testing/foreign.ts';
import { garbageController } from './garbage.ts';

const reference = (overrides: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'own',
  uid: 'own-uid',
  ...overrides,
});

function aConfigMap(name: string, metadata: Partial<ConfigMap['metadata']> = {}): ConfigMap {
  const own = { name, namespace: 'default', uid: `${name}-uid`, resourceVersion: '7', ...metadata };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: own };
}

function aPriorityClass(ownerReferences: OwnerReference[]): PriorityClass {
  const metadata = { name: 'pc', uid: 'pc-uid', resourceVersion: '7', ownerReferences };
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1 };
}

function reconcile(object: AnyObject, view: View): readonly Action[] {
  const { namespace = '', name } = object.metadata;
  return garbageController.reconcile(`${object.kind}/${namespace}/${name}`, view, 0);
}

const dependent = (...ownerReferences: OwnerReference[]): ConfigMap => aConfigMap('dep', { ownerReferences });
const typesOf = (actions: readonly Action[]): string[] => actions.map(({ type }) => type);

describe('a living object', () => {
  it('goes with its last owner, if the api says so at that moment and the object did not change', () => {
    const object = dependent(reference());
    expect(reconcile(object, fakeView([object]))).toEqual([
      {
        type: 'delete',
        object,
        propagationPolicy: 'Background',
        ifUnchanged: true,
        requires: [{ type: 'absent', ref: { kind: 'ConfigMap', namespace: 'default', name: 'own', uid: 'own-uid' } }],
      },
    ]);
  });

  it('stays while its owner is there, and for as long as the view of owners is older than the object', () => {
    const object = dependent(reference());
    expect(reconcile(object, fakeView([object, aConfigMap('own')]))).toEqual([]);
    expect(typesOf(reconcile(object, fakeView([object], 6)))).toEqual(['requeue']);
  });

  it.each([
    ['a group that nobody knows', { apiVersion: 'example.com/v1' }],
    ['a group that has another kind of this name', { apiVersion: 'serving.knative.dev/v1', kind: 'Service' }],
    ['a kind that nobody knows', { kind: 'Gadget' }],
  ])('stays where an owner is of %s', (_what, overrides) => {
    const object = dependent(reference(overrides));
    // Its kind may come.
    expect(reconcile(object, fakeView([object]))).toEqual([{ type: 'requeue', afterMs: 30_000 }]);
  });

  it('finds its owner whatever version the reference names', () => {
    const object = dependent(reference({ apiVersion: 'v1beta1' }));
    expect(reconcile(object, fakeView([object, aConfigMap('own')]))).toEqual([]);
    expect(typesOf(reconcile(object, fakeView([object])))).toEqual(['delete']);
  });

  it('stays where it has no namespace and its owner has one, and users are told', () => {
    const object = aPriorityClass([reference()]);
    expect(reconcile(object, fakeView([object, aConfigMap('own')]))).toEqual([
      {
        type: 'event',
        about: object,
        eventType: 'Warning',
        reason: 'OwnerRefInvalidNamespace',
        message: 'ownerRef [v1/ConfigMap, namespace: , name: own, uid: own-uid] does not exist in namespace ""',
      },
    ]);
  });

  it('goes where its owner is in another namespace, and users are told', () => {
    const object = dependent(reference());
    const actions = reconcile(object, fakeView([object, aConfigMap('own', { namespace: 'other' })]));
    expect(actions).toMatchObject([
      {
        type: 'event',
        reason: 'OwnerRefInvalidNamespace',
        message:
          'ownerRef [v1/ConfigMap, namespace: default, name: own, uid: own-uid] does not exist in namespace "default"',
      },
      { type: 'delete', object: { metadata: { name: 'dep' } } },
    ]);
  });

  it('is never owned by a namesake without a namespace', () => {
    // A namespaced kind is looked for in the dependent's namespace alone.
    const { namespace: _namespace, ...metadata } = aConfigMap('own').metadata;
    const object = dependent(reference());
    const view = fakeView([object, { ...aConfigMap('own'), metadata }]);
    expect(typesOf(reconcile(object, view))).toContain('delete');
  });

  it('forgets owners that are gone while another one is there', () => {
    const other = reference({ name: 'other', uid: 'other-uid' });
    const object = dependent(reference(), other);
    expect(reconcile(object, fakeView([object, aConfigMap('other')]))).toMatchObject([
      { type: 'patchMetadata', object: { metadata: { name: 'dep' } }, metadata: { ownerReferences: [other] } },
    ]);
  });
});

describe('an object on its way out', () => {
  const leaving = (finalizer: string): ConfigMap =>
    aConfigMap('own', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer], resourceVersion: '9' });

  it.each(['orphan', 'foregroundDeletion'])('is not let go by a view that may miss dependents (%s)', (finalizer) => {
    expect(typesOf(reconcile(leaving(finalizer), fakeView([leaving(finalizer)], 8)))).toEqual(['requeue']);
    expect(reconcile(leaving(finalizer), fakeView([leaving(finalizer)], 9))).toMatchObject([
      { type: 'patchMetadata', metadata: { finalizers: [] } },
    ]);
  });

  it('releases its dependents first where they are to stay', () => {
    const owner = leaving('orphan');
    expect(reconcile(owner, fakeView([owner, dependent(reference())]))).toMatchObject([
      { type: 'patchMetadata', object: { metadata: { name: 'dep' } }, metadata: { ownerReferences: [] } },
      { type: 'requeue' },
    ]);
  });

  it('is not held by objects that only seem to be its dependents', () => {
    const owner = leaving('foregroundDeletion');
    const held = { blockOwnerDeletion: true };
    const elsewhere = aConfigMap('a', { namespace: 'other', ownerReferences: [reference(held)] });
    const foreign = aConfigMap('b', { ownerReferences: [reference({ ...held, apiVersion: 'example.com/v1' })] });
    const blocking = aConfigMap('c', { ownerReferences: [reference(held)] });
    expect(typesOf(reconcile(owner, fakeView([owner, elsewhere, foreign])))).toEqual(['patchMetadata']);
    expect(reconcile(owner, fakeView([owner, blocking]))).toEqual([]);
  });
});

describe('kinds that definitions brought', () => {
  const kinds = tableWith('widgets.example.com', 'gizmos.example.com');
  const widgetReference = (name: string, overrides: Partial<OwnerReference> = {}): OwnerReference =>
    reference({ apiVersion: 'example.com/v2', kind: 'Widget', name, uid: `${name}-uid`, ...overrides });
  const seen = (objects: readonly AnyObject[], overrides: Partial<View> = {}): View => {
    return { ...fakeView(objects, 7, kinds), ...overrides };
  };
  const keyOf = (object: AnyObject): string => {
    const { namespace = '', name } = object.metadata;
    return `${object.kind.toLowerCase()}s.example.com/${namespace}/${name}`;
  };

  it('own and are owned, whatever version a reference names', () => {
    const owner = aWidget('own');
    const owned = aWidget('dep', { ownerReferences: [widgetReference('own')] });
    const both = seen([owner, owned]);
    expect(garbageController.reconcile(keyOf(owned), both, 0)).toEqual([]);
    expect(garbageController.reconcile(keyOf(owned), seen([owned]), 0)).toEqual([
      {
        type: 'delete',
        object: owned,
        kind: 'widgets.example.com',
        propagationPolicy: 'Background',
        ifUnchanged: true,
        requires: [
          { type: 'absent', ref: { kind: 'widgets.example.com', namespace: 'default', name: 'own', uid: 'own-uid' } },
        ],
      },
    ]);
    // An end concerns those that name it.
    expect(garbageController.keysFor(owner, seen([owned]))).toEqual([keyOf(owner), keyOf(owned)]);
  });

  it('go after their dependents, or leave them behind, as built-in kinds do', () => {
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const waiting = aGizmo('own', { deletionTimestamp, finalizers: ['foregroundDeletion'] });
    const blocking = widgetReference('own', { kind: 'Gizmo', blockOwnerDeletion: true });
    const owned = aWidget('dep', { ownerReferences: [blocking] });
    expect(garbageController.reconcile(keyOf(waiting), seen([waiting, owned]), 0)).toEqual([
      { type: 'requeue', afterMs: 30_000 },
    ]);
    expect(garbageController.reconcile(keyOf(owned), seen([waiting, owned]), 0)).toMatchObject([
      {
        type: 'delete',
        kind: 'widgets.example.com',
        requires: [{ type: 'foreground', ref: { kind: 'gizmos.example.com' } }],
      },
    ]);
    expect(garbageController.reconcile(keyOf(waiting), seen([waiting]), 0)).toMatchObject([
      { type: 'patchMetadata', kind: 'gizmos.example.com', metadata: { finalizers: [] } },
    ]);
    const leaving = aGizmo('own', { deletionTimestamp, finalizers: ['orphan'] });
    expect(garbageController.reconcile(keyOf(leaving), seen([leaving, owned]), 0)).toMatchObject([
      { type: 'patchMetadata', kind: 'widgets.example.com', metadata: { ownerReferences: [] } },
      waitForView,
    ]);
  });

  it('do not go while another kind of which there may be dependents was not seen', () => {
    const waiting = aWidget('own', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] });
    const revision = (kind: AnyKind): number => (kind === 'gizmos.example.com' ? 6 : 7);
    expect(garbageController.reconcile(keyOf(waiting), seen([waiting], { revision }), 0)).toEqual([waitForView]);
  });

  it('leave their dependents alone once nobody serves them, but for owners whose end was seen', () => {
    const owned = dependent(widgetReference('own'));
    const unserved = fakeView([owned]);
    expect(typesOf(reconcile(owned, unserved))).toEqual(['requeue']);
    const widgets = kinds.of({ apiVersion: 'example.com/v1', kind: 'Widget' })!;
    const ended = (uid: string) => (uid === 'own-uid' ? widgets : undefined);
    expect(reconcile(owned, { ...unserved, ended })).toEqual([
      { type: 'delete', object: owned, propagationPolicy: 'Background', ifUnchanged: true, requires: [] },
    ]);
    const misnamed = dependent(widgetReference('own', { apiVersion: 'elsewhere.example.com/v1' }));
    expect(typesOf(reconcile(misnamed, { ...fakeView([misnamed]), ended }))).toEqual(['requeue']);
    // The last change of an object of such a kind still tells whom it concerns.
    expect(garbageController.keysFor(aWidget('own'), unserved)).toEqual(['ConfigMap/default/dep']);
    // It was in a namespace, and never owned what is in none.
    const cluster = aPriorityClass([widgetReference('own')]);
    expect(typesOf(reconcile(cluster, { ...fakeView([cluster]), ended }))).toEqual(['event']);
  });

  it('are told apart from kinds of the same name in other groups', () => {
    const knative = aWidget('own', {});
    const owned = dependent(reference({ apiVersion: 'v1', kind: 'Widget', uid: 'own-uid' }));
    expect(typesOf(reconcile(owned, seen([knative, owned])))).toEqual(['requeue']);
  });
});

describe('owners in a circle', () => {
  it('do not wait for one another for ever: the one that closes it stops to block', () => {
    const blocking = (name: string): OwnerReference =>
      reference({ name, uid: `${name}-uid`, blockOwnerDeletion: true });
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    const waits = { deletionTimestamp, finalizers: ['foregroundDeletion'] };
    const first = aConfigMap('first', { ownerReferences: [blocking('last')], ...waits });
    const second = aConfigMap('second', { ownerReferences: [blocking('first')], ...waits });
    const last = aConfigMap('last', { ownerReferences: [blocking('second')] });
    expect(reconcile(last, fakeView([first, second, last]))).toMatchObject([
      { type: 'patchMetadata', metadata: { ownerReferences: [{ name: 'second', blockOwnerDeletion: false }] } },
      { type: 'delete', object: last, propagationPolicy: 'Foreground', ifUnchanged: true },
    ]);
    // Without the block, the second goes, and then the first.
    const unblocked = aConfigMap('last', {
      ownerReferences: [{ ...blocking('second'), blockOwnerDeletion: false }],
      ...waits,
    });
    expect(reconcile(second, fakeView([first, second, unblocked]))).toMatchObject([
      { type: 'patchMetadata', object: second, metadata: { finalizers: [] } },
    ]);
  });
});
