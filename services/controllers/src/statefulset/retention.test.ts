import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { aStatefulSet } from '../testing/objects.ts';
import {
  claimOf,
  dataTemplate,
  member,
  plannedBy,
  revisionFor,
  running,
  writesOf,
} from '../testing/stateful-cluster.ts';
import { ownersAfter } from './retention.ts';
import { statefulSetController } from './statefulset.ts';

type When = 'Retain' | 'Delete';
type Owner = 'set' | 'pod' | 'old set' | 'old pod' | 'other' | 'weak set';

const withPolicy = (whenDeleted: When, whenScaled: When): Partial<StatefulSet['spec']> => ({
  replicas: 1,
  volumeClaimTemplates: [dataTemplate()],
  persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled },
});

function references(set: StatefulSet, pod: Pod): Record<Owner, OwnerReference> {
  const of = { set: controllerReference(set), pod: controllerReference(pod) };
  return {
    ...of,
    'old set': { ...of.set, uid: 'gone' },
    'old pod': { ...of.pod, uid: 'gone' },
    'weak set': { ...of.set, controller: false },
    other: { apiVersion: 'example.com/v1', kind: 'Keeper', name: 'k', uid: 'k', controller: true },
  };
}

describe('owners of a claim', () => {
  it.each<
    readonly [
      whenDeleted: When,
      whenScaled: When,
      wanted: boolean,
      before: readonly Owner[],
      after: readonly Owner[] | undefined,
    ]
  >([
    ['Retain', 'Retain', true, [], undefined],
    ['Retain', 'Retain', true, ['set'], []],
    ['Retain', 'Retain', false, ['pod'], []],
    ['Retain', 'Retain', true, ['other'], undefined],
    ['Delete', 'Retain', true, [], ['set']],
    ['Delete', 'Retain', false, [], ['set']],
    ['Delete', 'Retain', true, ['set'], undefined],
    ['Delete', 'Retain', true, ['weak set'], ['set']],
    ['Delete', 'Retain', true, ['pod'], ['set']],
    ['Retain', 'Delete', true, [], undefined],
    ['Retain', 'Delete', false, [], ['pod']],
    ['Retain', 'Delete', true, ['pod'], []],
    ['Delete', 'Delete', true, [], ['set']],
    ['Delete', 'Delete', false, ['set'], ['pod']],
    ['Delete', 'Delete', true, ['pod'], ['set']],
    ['Delete', 'Delete', true, ['old set'], undefined],
    ['Delete', 'Delete', false, ['old pod'], undefined],
    ['Delete', 'Delete', true, ['other'], undefined],
    ['Delete', 'Delete', true, ['other', 'set'], ['other']],
  ])('with %s and %s, wanted: %s, from %j: %j', (whenDeleted, whenScaled, wanted, before, after) => {
    const set = aStatefulSet(withPolicy(whenDeleted, whenScaled));
    const pod = member(set, 0, revisionFor(set));
    const all = references(set, pod);
    const claim = claimOf(set, 0);
    claim.metadata.ownerReferences = before.map((owner) => all[owner]);
    expect(ownersAfter(claim, set, pod, wanted)).toEqual(after?.map((owner) => all[owner]));
  });
});

describe('claims of a pod', () => {
  it('are made before it, with its labels and those of the selector', () => {
    const { objects } = running(withPolicy('Delete', 'Retain'), []);
    expect(writesOf(objects)).toEqual(['create PersistentVolumeClaim data-web-0', 'create Pod web-0']);
    const [creation] = plannedBy(objects).filter(({ type }) => type === 'create') as Extract<
      Action,
      { type: 'create' }
    >[];
    expect(creation).toMatchObject({
      object: {
        metadata: {
          labels: { app: 'web', tier: 'disk' },
          ownerReferences: [{ kind: 'StatefulSet', controller: true }],
        },
        spec: { resources: { requests: { storage: '1Gi' } } },
      },
      told: { done: 'Create Claim data-web-0 Pod web-0 in StatefulSet web success' },
    });
  });

  it('are made anew for a pod that is pending, and kept by one that comes back', () => {
    const { objects, set } = running(withPolicy('Retain', 'Retain'), ['pending']);
    expect(writesOf(objects)).toEqual(['create PersistentVolumeClaim data-web-0']);
    expect(writesOf([...objects, claimOf(set, 0)])).toEqual([]);
  });

  it('hold the pod back while they are being deleted, which is told once', () => {
    const { objects, set } = running(withPolicy('Retain', 'Retain'), []);
    const claim = claimOf(set, 0);
    claim.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    const controller = statefulSetController();
    const events = (): unknown[] => plannedBy([...objects, claim], controller).filter(({ type }) => type === 'event');
    expect(writesOf([...objects, claim])).toEqual([]);
    expect(events()).toMatchObject([
      {
        eventType: 'Warning',
        reason: 'FailedCreate',
        message: 'Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted',
      },
    ]);
    expect(events()).toEqual([]);
  });

  it('hold the pod back while they go with a former pod of its name', () => {
    const { objects, set, revision } = running(withPolicy('Retain', 'Delete'), []);
    const claim = claimOf(set, 0);
    claim.metadata.ownerReferences = [controllerReference(member(set, 0, revision))];
    expect(writesOf([...objects, claim])).toEqual([]);
  });

  it('are given to a pod that has to go, before it goes', () => {
    const { objects, set } = running(withPolicy('Retain', 'Delete'), ['ready', 'ready']);
    const claims: PersistentVolumeClaim[] = [claimOf(set, 0), claimOf(set, 1)];
    expect(writesOf([...objects, ...claims])).toEqual([
      'patchMetadata PersistentVolumeClaim data-web-1',
      'delete Pod web-1',
    ]);
  });
});
