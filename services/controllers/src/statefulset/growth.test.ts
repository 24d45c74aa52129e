import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import type { StorageClass } from '@gantry/model/gen/gantry.storage.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { claimOf, dataTemplate, plannedBy, running, writesOf } from '../testing/stateful-cluster.ts';
import { statefulSetController } from './statefulset.ts';

const fast = (allowVolumeExpansion: boolean): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner: 'example.com/disks',
  allowVolumeExpansion,
});

/** A set of two pods whose template asks for 2Gi. */
function grown(claims: (set: StatefulSet) => readonly PersistentVolumeClaim[], allowed = true): AnyObject[] {
  const { set, objects } = running({ replicas: 2, volumeClaimTemplates: [dataTemplate('2Gi')] }, ['ready', 'ready']);
  return [...objects, ...claims(set), fast(allowed)];
}

function conditionOf(objects: readonly AnyObject[], controller = statefulSetController()): unknown {
  const action = plannedBy(objects, controller).find(({ type }) => type === 'updateStatus');
  return (action as { object: StatefulSet } | undefined)?.object.status?.conditions?.[0];
}

describe('claims that are smaller than their template asks for', () => {
  it('are expanded, with an event each', () => {
    const objects = grown((set) => [claimOf(set, 0), claimOf(set, 1, '2Gi'), claimOf(set, 2)]);
    expect(writesOf(objects)).toEqual(['update PersistentVolumeClaim data-web-0']);
    const actions = plannedBy(objects);
    expect(actions.find(({ type }) => type === 'update')).toMatchObject({
      object: { spec: { storageClassName: 'fast', resources: { requests: { storage: '2Gi' } } } },
    });
    expect(actions.find(({ type }) => type === 'event')).toMatchObject({
      reason: 'ExpandClaim',
      message: 'Expand Claim data-web-0 in StatefulSet web from 1Gi to 2Gi',
    });
    expect(conditionOf(objects)).toMatchObject({ type: 'ClaimsExpanded', status: 'False', reason: 'Expanding' });
  });

  it.each<
    readonly [what: string, claim: Partial<PersistentVolumeClaim>, allowed: boolean, reason: string, message: RegExp]
  >([
    [
      'whose class does not allow it',
      {},
      false,
      'ExpansionNotAllowed',
      /data-web-0 \(1Gi of 2Gi\): storage class fast does not/,
    ],
    ['that are not bound', { status: { phase: 'Pending' } }, true, 'ClaimsNotBound', /data-web-0 .* only bound claims/],
  ])('%s stay, and a condition tells why', (_what, rest, allowed, reason, message) => {
    const objects = grown((set) => [claimOf(set, 0, '1Gi', rest), claimOf(set, 1, '2Gi')], allowed);
    expect(writesOf(objects)).toEqual([]);
    const condition = conditionOf(objects) as { message: string };
    expect(condition).toMatchObject({ type: 'ClaimsExpanded', status: 'False', reason });
    expect(condition.message).toMatch(message);
  });

  it('are told to be on their way until their volumes are as large', () => {
    const objects = grown((set) => [
      { ...claimOf(set, 0, '2Gi'), status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
      claimOf(set, 1, '2Gi'),
    ]);
    expect(conditionOf(objects)).toMatchObject({
      reason: 'Expanding',
      message: 'claims data-web-0 (1Gi of 2Gi): being expanded',
    });
  });

  it('are told to be expanded once they were not, and never in a set that did not grow', () => {
    const objects = grown((set) => [claimOf(set, 0, '2Gi'), claimOf(set, 1, '2Gi')]);
    expect(conditionOf(objects)).toBeUndefined();
    const set = objects[0] as StatefulSet;
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    set.status!.conditions = [{ type: 'ClaimsExpanded', status: 'False', reason: 'Expanding', lastTransitionTime }];
    expect(conditionOf(objects)).toMatchObject({
      status: 'True',
      reason: 'AllExpanded',
      lastTransitionTime: '2026-01-01T00:05:00Z',
    });
  });

  it('that the api refuses to expand are named in the condition', () => {
    const controller = statefulSetController();
    const objects = grown((set) => [claimOf(set, 0), claimOf(set, 1, '2Gi')]);
    plannedBy(objects, controller);
    const resource = { group: '', resource: 'persistentvolumeclaims', name: 'data-web-0' };
    controller.failed!('default/web', new GantryError('Forbidden', 'exceeded quota: disks', { resource }), 'update');
    expect(conditionOf(objects, controller)).toMatchObject({
      reason: 'ExpansionRefused',
      message: 'exceeded quota: disks',
    });
  });
});
