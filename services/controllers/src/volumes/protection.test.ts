import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { type Action, type AnyObject, waitForView } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aPod } from '../testing/objects.ts';
import { claimProtectionController, volumeProtectionController } from './protection.ts';

const pvc = 'kubernetes.io/pvc-protection';
const pv = 'kubernetes.io/pv-protection';

function aClaim(metadata: Partial<PersistentVolumeClaim['metadata']>): PersistentVolumeClaim {
  const own = { name: 'c', namespace: 'default', uid: 'claim', resourceVersion: '5', ...metadata };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: own, spec: { volumeName: 'v' } };
}

function aVolume(
  metadata: Partial<PersistentVolume['metadata']>,
  phase: string,
  uid: string | undefined = 'claim',
): PersistentVolume {
  const own = { name: 'v', resourceVersion: '5', ...metadata };
  const claimRef = { namespace: 'default', name: 'c', uid };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: own, spec: { claimRef }, status: { phase } };
}

function aUser(overrides: { node?: string; phase?: string } = {}): AnyObject {
  const pod = aPod('p', overrides.node === undefined ? {} : { node: overrides.node });
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'c' } }];
  return { ...pod, spec: { ...pod.spec, volumes }, status: { phase: overrides.phase ?? 'Running' } };
}

const ofClaim = (objects: readonly AnyObject[], revision = 9): readonly Action[] =>
  claimProtectionController.reconcile('default/c', fakeView(objects, revision), 0);
const ofVolume = (objects: readonly AnyObject[], revision = 9): readonly Action[] =>
  volumeProtectionController.reconcile('v', fakeView(objects, revision), 0);
const ending = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const finalizersOf = ([action]: readonly Action[]): readonly string[] | undefined =>
  action?.type === 'update' ? action.object.metadata.finalizers : undefined;

describe('a claim', () => {
  it('gets its finalizer where it lacks it', () => {
    expect(finalizersOf(ofClaim([aClaim({ finalizers: ['example.com/x'] })]))).toEqual(['example.com/x', pvc]);
    expect(ofClaim([aClaim({ finalizers: [pvc] })])).toEqual([]);
    expect(ofClaim([aClaim(ending)])).toEqual([]);
  });

  it('that is to end stays while a pod with a node uses it, also one that has ended', () => {
    const claim = aClaim({ ...ending, finalizers: [pvc, 'example.com/x'] });
    expect(ofClaim([claim, aUser({ node: 'n' })])).toEqual([]);
    expect(ofClaim([claim, aUser({ node: 'n', phase: 'Succeeded' })])).toEqual([]);
    expect(finalizersOf(ofClaim([claim, aUser()]))).toEqual(['example.com/x']);
    expect(finalizersOf(ofClaim([claim]))).toEqual(['example.com/x']);
  });

  it('stays while the view of pods is older than it', () => {
    expect(ofClaim([aClaim({ ...ending, finalizers: [pvc] })], 4)).toEqual([waitForView]);
  });

  it('is looked at when a pod that uses it changes, once it is to end', () => {
    const keys = (claim: PersistentVolumeClaim) =>
      claimProtectionController.keysFor(aUser({ node: 'n' }), fakeView([claim]));
    expect(keys(aClaim({ ...ending }))).toEqual(['default/c']);
    expect(keys(aClaim({}))).toEqual([]);
  });
});

describe('a volume', () => {
  it('gets its finalizer where it lacks it', () => {
    expect(finalizersOf(ofVolume([aVolume({}, 'Available')]))).toEqual([pv]);
    expect(ofVolume([aVolume({ finalizers: [pv] }, 'Available')])).toEqual([]);
  });

  it('that is to end stays while it is bound, or being bound', () => {
    const metadata = { ...ending, finalizers: [pv] };
    expect(ofVolume([aVolume(metadata, 'Bound')])).toEqual([]);
    expect(ofVolume([aVolume(metadata, 'Available'), aClaim({})])).toEqual([]);
    expect(finalizersOf(ofVolume([aVolume(metadata, 'Released')]))).toEqual([]);
    expect(finalizersOf(ofVolume([aVolume(metadata, 'Available', ''), aClaim({})]))).toEqual([]);
  });

  it('stays while the view of claims is older than it', () => {
    expect(ofVolume([aVolume({ ...ending, finalizers: [pv] }, 'Released')], 4)).toEqual([waitForView]);
  });
});
