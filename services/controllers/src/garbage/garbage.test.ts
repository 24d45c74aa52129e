import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { PriorityClass } from '@gantry/model/gen/gantry.scheduling.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject, View } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
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
    expect(reconcile(object, fakeView([object]))).toEqual([]);
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
