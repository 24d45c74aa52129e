import type { Pod, ResourceQuota, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aPod } from '../testing/objects.ts';
import { resourceQuotaController } from './resourcequota.ts';

const nowMs = Date.parse('2026-01-01T00:05:00Z');

function aQuota(spec: ResourceQuota['spec'], status: ResourceQuota['status'] = {}): ResourceQuota {
  const metadata = { name: 'q', namespace: 'default', uid: 'q', resourceVersion: '7' };
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec, status };
}

function plan(quota: ResourceQuota, others: readonly AnyObject[] = [], revision?: number): readonly Action[] {
  return resourceQuotaController.reconcile('default/q', fakeView([quota, ...others], revision), nowMs);
}

function statusOf(quota: ResourceQuota, ...others: readonly AnyObject[]): ResourceQuota['status'] {
  const update = plan(quota, others).find(({ type }) => type === 'updateStatus');
  return update?.type === 'updateStatus' ? (update.object as ResourceQuota).status : undefined;
}

function podAsking(name: string, cpu: string, fields: Partial<Pod['spec']> = {}): Pod {
  const pod = aPod(name);
  pod.spec = { containers: [{ name: 'a', image: 'x', resources: { requests: { cpu } } }], ...fields };
  return pod;
}

describe('the use of a quota', () => {
  it('is the sum over what it bounds, in its own namespace', () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default' },
      spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] },
    } as unknown as Service;
    const elsewhere = podAsking('elsewhere', '5');
    elsewhere.metadata.namespace = 'other';
    const hard = {
      pods: '5',
      'requests.cpu': '2',
      'services.nodeports': '9',
      'count/deployments.apps': '1',
      secrets: '3',
    };
    const objects = [podAsking('a', '500m'), podAsking('b', '700m'), elsewhere, service, aDeployment()];
    expect(statusOf(aQuota({ hard }), ...objects)).toEqual({
      hard,
      used: {
        pods: '2',
        'requests.cpu': '1200m',
        'services.nodeports': '2',
        'count/deployments.apps': '1',
        secrets: '0',
      },
    });
  });

  it('leaves out pods that ended, those that should be gone by now, and those outside of its scopes', () => {
    const ended = podAsking('ended', '1');
    ended.status = { phase: 'Succeeded' };
    const late = podAsking('late', '1');
    Object.assign(late.metadata, { deletionTimestamp: '2026-01-01T00:04:00Z', deletionGracePeriodSeconds: 30 });
    const ending = podAsking('ending', '1');
    Object.assign(ending.metadata, { deletionTimestamp: '2026-01-01T00:05:10Z', deletionGracePeriodSeconds: 30 });
    const short = podAsking('short', '1', { activeDeadlineSeconds: 5 });
    const quota = aQuota({ hard: { pods: '9', 'count/pods': '9' }, scopes: ['NotTerminating'] });
    expect(statusOf(quota, ended, late, ending, short)?.used).toEqual({ pods: '1', 'count/pods': '3' });
    // It looks again when that one should be gone.
    expect(plan(quota, [ending])).toContainEqual({ type: 'requeue', afterMs: 40_001 });
  });

  it('is not written again where nothing changed, however it is spelled', () => {
    const status = { hard: { cpu: '1', pods: '3' }, used: { cpu: '1', pods: '1' } };
    expect(plan(aQuota({ hard: { cpu: '1000m', pods: '3' } }, status), [podAsking('a', '1000m')])).toEqual([]);
    expect(plan(aQuota({ hard: { cpu: '1', pods: '4' } }, status), [podAsking('a', '1')])).toHaveLength(1);
    expect(plan(aQuota({}, {}))).toEqual([]);
  });

  it('waits for views that are as new as the quota, which every counted write changes', () => {
    const quota = aQuota({ hard: { pods: '3' } });
    expect(plan(quota, [], 6)).toEqual([{ type: 'requeue', afterMs: expect.any(Number) }]);
    expect(plan(quota, [], 7)).toEqual([expect.objectContaining({ type: 'updateStatus' })]);
  });

  it('of kinds that are not served stays as it is, and is looked at again', () => {
    const hard = { 'count/widgets.example.com': '5', pods: '1' };
    expect(plan(aQuota({ hard }))).toContainEqual({ type: 'requeue', afterMs: 5_001 });
    expect(statusOf(aQuota({ hard }))?.used).toEqual({ pods: '0' });
    const status = { hard, used: { 'count/widgets.example.com': '2', pods: '1' } };
    expect(statusOf(aQuota({ hard }, status))?.used).toEqual({ 'count/widgets.example.com': '2', pods: '0' });
  });
});

it('a change concerns the quotas of its namespace that bound its kind, and a quota itself', () => {
  const quotas = [aQuota({ hard: { pods: '1' } }), { ...aQuota({ hard: { secrets: '1' } }) }];
  quotas[1]!.metadata = { ...quotas[1]!.metadata, name: 'r' };
  const view = fakeView(quotas);
  expect(resourceQuotaController.keysFor(aPod('p'), view)).toEqual(['default/q']);
  expect(resourceQuotaController.keysFor(quotas[1]!, view)).toEqual(['default/r']);
  expect(resourceQuotaController.keysFor(aDeployment(), view)).toEqual([]);
});
