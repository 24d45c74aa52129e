import type { CapacityBuffer, CapacityBufferStatus } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { PodTemplate } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import { headroomIn, provisioned } from '../clusterautoscaler/headroom.ts';
import type { AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDeployment, aPod, meta } from '../testing/objects.ts';
import { capacityBufferController } from './capacitybuffer.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function aBuffer(spec: CapacityBuffer['spec'], status?: CapacityBufferStatus): CapacityBuffer {
  return {
    apiVersion: 'autoscaling.x-k8s.io/v1beta1',
    kind: 'CapacityBuffer',
    metadata: { ...meta('spare'), generation: 2 },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function aPodTemplate(requests: Record<string, string> = { cpu: '500m', memory: '1Gi' }): PodTemplate {
  const containers = [{ name: 'main', image: 'pause:3', resources: { requests } }];
  return {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { ...meta('shape'), generation: 3 },
    template: { spec: { containers } },
  };
}

function statusOf(buffer: CapacityBuffer, ...others: AnyObject[]): CapacityBufferStatus | undefined {
  const [action] = capacityBufferController.reconcile('default/spare', fakeView([buffer, ...others]), nowMs);
  return action?.type === 'updateStatus' ? (action.object as CapacityBuffer).status : undefined;
}

describe('a buffer', () => {
  const podTemplateRef = { name: 'shape' };

  it('says which template it goes by, and how many pods it is for', () => {
    expect(statusOf(aBuffer({ podTemplateRef, replicas: 3 }), aPodTemplate())).toEqual({
      podTemplateRef,
      podTemplateGeneration: 3,
      replicas: 3,
      provisioningStrategy: 'buffer.x-k8s.io/active-capacity',
      conditions: [
        {
          type: 'ReadyForProvisioning',
          status: 'True',
          observedGeneration: 2,
          lastTransitionTime: '2026-01-01T00:00:00Z',
          reason: 'attributesSetSuccessfully',
          message: 'ready',
        },
      ],
    });
  });

  it.each<[what: string, spec: CapacityBuffer['spec'], replicas: number]>([
    ['as many as limits allow', { podTemplateRef, limits: { cpu: '2', memory: '3Gi' } }, 3],
    ['no more than limits allow', { podTemplateRef, replicas: 10, limits: { cpu: '2' } }, 4],
    [
      'a share of a workload, rounded up',
      { scalableRef: { apiGroup: 'apps', kind: 'Deployment', name: 'web' }, percentage: 25 },
      3,
    ],
    [
      'the larger of both',
      { scalableRef: { apiGroup: 'apps', kind: 'Deployment', name: 'web' }, percentage: 25, replicas: 5 },
      5,
    ],
    ['none', { podTemplateRef, replicas: 0 }, 0],
  ])('is for %s', (_what, spec, replicas) => {
    const deployment = { ...aDeployment({ replicas: 10 }), status: { replicas: 9 } };
    expect(statusOf(aBuffer(spec), aPodTemplate(), deployment)?.replicas).toBe(replicas);
  });

  it('goes by the newest pod of a workload of another kind', () => {
    const owner = { apiVersion: 'example.com/v1', kind: 'Crew', name: 'crew', uid: 'u', controller: true };
    const pods = ['a', 'b'].map((name) => {
      const pod = aPod(name, { node: 'n1' });
      return { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner] } };
    });
    const scalableRef = { apiGroup: 'example.com', kind: 'Crew', name: 'crew' };
    const buffer = aBuffer({ scalableRef, percentage: 100 });
    expect(statusOf(buffer, ...pods)?.replicas).toBe(2);
    expect(statusOf(buffer)?.conditions?.[0]).toMatchObject({ status: 'False', reason: 'NoPods' });
  });

  it('says what it lacks', () => {
    expect(statusOf(aBuffer({ podTemplateRef, replicas: 1 }))?.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'PodTemplateNotFound',
      message: 'podtemplate "shape" not found',
    });
  });

  it('is left to others where its strategy is theirs', () => {
    expect(
      statusOf(aBuffer({ podTemplateRef, replicas: 1, provisioningStrategy: 'example.com/standby' }), aPodTemplate()),
    ).toBe(undefined);
  });
});

describe('headroom', () => {
  const buffer = aBuffer({ podTemplateRef: { name: 'shape' }, replicas: 3 }, { replicas: 3, conditions: [] });
  const view = fakeView([buffer, aPodTemplate()]);

  it('is pods that do not exist', () => {
    expect(headroomIn(view)).toMatchObject([
      { id: 'default/spare', count: 3, pod: { metadata: { namespace: 'default' } } },
    ]);
  });

  it('is told whether there is room for it, and writes nothing twice', () => {
    const [action] = provisioned(view, { unplaced: [{ ids: ['default/spare'] }] }, nowMs);
    const written = (action as { readonly object: CapacityBuffer }).object;
    expect(written.status?.conditions).toMatchObject([{ type: 'Provisioning', status: 'False', reason: 'NoCapacity' }]);
    const again = fakeView([written, aPodTemplate()]);
    expect(provisioned(again, { unplaced: [{ ids: ['default/spare'] }] }, nowMs + 1)).toEqual([]);
    expect(capacityBufferController.reconcile('default/spare', again, nowMs)).toHaveLength(1);
  });

  it('has two writers that do not undo one another', () => {
    const [first] = capacityBufferController.reconcile('default/spare', view, nowMs);
    const ready = (first as { readonly object: CapacityBuffer }).object;
    const [second] = provisioned(fakeView([ready, aPodTemplate()]), {}, nowMs);
    const both = fakeView([(second as { readonly object: CapacityBuffer }).object, aPodTemplate()]);
    expect(capacityBufferController.reconcile('default/spare', both, nowMs)).toEqual([]);
    expect(provisioned(both, {}, nowMs)).toEqual([]);
  });
});
