import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { serviceAccountController } from './serviceaccount.ts';

const namespace = (fields: object = {}): AnyObject =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', resourceVersion: '5', ...fields } }) as AnyObject;
const inside = (kind: 'ServiceAccount' | 'ConfigMap', name: string): AnyObject =>
  ({ apiVersion: 'v1', kind, metadata: { name, namespace: 'a' } }) as AnyObject;

const made = (objects: readonly AnyObject[], revision?: number): string[] =>
  serviceAccountController
    .reconcile('a', fakeView(objects, revision), 0)
    .map((action) => (action.type === 'create' ? `${action.object.kind} ${action.object.metadata.name}` : action.type));

describe('a namespace', () => {
  it('gets the account of its pods and the certificate of the api, and each again once it is gone', () => {
    const all = [inside('ServiceAccount', 'default'), inside('ConfigMap', 'kube-root-ca.crt')];
    expect(made([namespace()])).toEqual(['ServiceAccount default', 'ConfigMap kube-root-ca.crt']);
    expect(made([namespace(), ...all])).toEqual([]);
    for (const [index, object] of all.entries()) {
      expect(serviceAccountController.keysFor(object, fakeView([]))).toEqual(['a']);
      expect(made([namespace(), ...all.toSpliced(index, 1)])).toHaveLength(1);
    }
    expect(serviceAccountController.keysFor(inside('ConfigMap', 'other'), fakeView([]))).toEqual([]);
  });

  it('that ends, or that a view has not caught up with, gets nothing', () => {
    expect(made([])).toEqual([]);
    expect(made([namespace({ deletionTimestamp: '2026-01-01T00:00:00Z' })])).toEqual([]);
    expect(made([namespace()], 4)).toEqual(['requeue']);
  });
});
