import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject, Controller } from '../core/action.ts';
import type { CallAnswer, Consultation } from '../core/consult.ts';
import { fakeView } from '../testing/fake-view.ts';
import { cloudServiceController } from './load-balancer.ts';

const finalizer = 'service.kubernetes.io/load-balancer-cleanup';

function serviceOf(
  change: { spec?: Partial<Service['spec']>; metadata?: Partial<Service['metadata']>; ip?: string } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', uid: 's1', finalizers: [finalizer], ...change.metadata },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'cloud',
      ports: [{ port: 80 }],
      ...change.spec,
    } as Service['spec'],
    status: change.ip === undefined ? {} : { loadBalancer: { ingress: [{ ip: change.ip, ipMode: 'VIP' }] } },
  };
}

const nodeOf = (name: string, more: { labels?: Record<string, string>; taint?: string } = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: name, labels: more.labels ?? {} },
  spec: { taints: more.taint === undefined ? [] : [{ key: more.taint, effect: 'NoSchedule' }] },
});

const address: CallAnswer = { type: 'loadBalancer', ingress: [{ ip: '203.0.113.1' }] };
const refused: CallAnswer = { type: 'failed', reason: 'TooManyRequests', message: 'no address left', isInDoubt: false };

/** The Service's controller, whose calls are answered by the test. */
class Played {
  readonly clock = new FakeClock();
  readonly controller: Controller = cloudServiceController(this.clock, 'cloud');

  plan(...objects: readonly AnyObject[]): readonly Action[] {
    return this.controller.reconcile('default/web', fakeView(objects), 0);
  }

  /** Plans, answers the call of the plan, and plans again. */
  answered(
    answer: CallAnswer,
    ...objects: readonly AnyObject[]
  ): { readonly call: Consultation; readonly plan: readonly Action[] } {
    const call = this.plan(...objects).flatMap((action) =>
      action.type === 'consult' ? [action.consultation] : [],
    )[0]!;
    this.controller.consulted!('default/web', { id: call.id, answers: [answer] });
    return { call, plan: this.plan(...objects) };
  }
}

describe('the load balancer of a Service', () => {
  it('is asked for once the Service is kept from going without it', () => {
    const played = new Played();
    const bare = serviceOf({ metadata: { finalizers: ['other'] } });
    expect(played.plan(bare)).toEqual([
      { type: 'patchMetadata', object: bare, metadata: { finalizers: ['other', finalizer] } },
    ]);
    const nodes = [
      nodeOf('b'),
      nodeOf('a'),
      nodeOf('c', { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
      nodeOf('d', { taint: 'ToBeDeletedByClusterAutoscaler' }),
    ];
    const service = serviceOf();
    expect(played.plan(service, ...nodes)[0]).toMatchObject({ type: 'event', reason: 'EnsuringLoadBalancer' });
    const { call, plan } = played.answered(address, service, ...nodes);
    expect(call.calls).toMatchObject([
      {
        type: 'ensureLoadBalancer',
        service: { metadata: { uid: 's1' } },
        nodes: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
      },
    ]);
    expect(plan).toMatchObject([
      { type: 'updateStatus', object: { status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } } } },
      { type: 'event', eventType: 'Normal', reason: 'EnsuredLoadBalancer', message: 'Ensured load balancer' },
    ]);
    const served = serviceOf({ ip: '203.0.113.1' });
    expect(played.plan(served, ...nodes)).toEqual([]);
    // Nodes and the Service's own changes concern it.
    expect(played.plan(served, nodes[0]!)[1]?.type).toBe('consult');
    expect(
      played.plan(serviceOf({ ip: '203.0.113.1', spec: { externalTrafficPolicy: 'Local' } }), ...nodes)[1]?.type,
    ).toBe('consult');
  });

  it('that cannot be made is told once, and tried again after a growing wait', () => {
    const played = new Played();
    const service = serviceOf();
    const { plan } = played.answered(refused, service);
    expect(plan).toMatchObject([
      {
        type: 'event',
        eventType: 'Warning',
        reason: 'SyncLoadBalancerFailed',
        message: 'Error syncing load balancer: failed to ensure load balancer: no address left',
      },
      { type: 'requeue', afterMs: 5_000 },
    ]);
    expect(played.plan(service)).toEqual([{ type: 'requeue', afterMs: 5_000 }]);
    played.clock.advance(5_000);
    expect(played.answered(refused, service).plan[1]).toEqual({ type: 'requeue', afterMs: 10_000 });
    played.clock.advance(10_000);
    expect(played.answered(address, service).plan[0]?.type).toBe('updateStatus');
  });

  it.each([
    ['is deleted', serviceOf({ ip: '1.2.3.4', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } })],
    [
      'has another type',
      serviceOf({ ip: '1.2.3.4', spec: { type: 'ClusterIP', loadBalancerClass: undefined } as never }),
    ],
  ])('is removed before its Service goes: %s', (_, service) => {
    const played = new Played();
    expect(played.plan(service)[0]).toMatchObject({ reason: 'DeletingLoadBalancer' });
    expect(played.answered(refused, service).plan[0]).toMatchObject({
      message: 'Error syncing load balancer: failed to delete load balancer: no address left',
    });
    played.clock.advance(5_000);
    const { call, plan } = played.answered({ type: 'done' }, service);
    expect(call.calls).toMatchObject([{ type: 'deleteLoadBalancer' }]);
    expect(plan).toMatchObject([{ type: 'updateStatus', object: { status: { loadBalancer: { ingress: [] } } } }]);
    const cleared = { ...service, status: {} };
    expect(played.plan(cleared)).toMatchObject([
      { type: 'removeFinalizer', finalizer, ifUnchanged: true },
      { type: 'event', reason: 'DeletedLoadBalancer' },
    ]);
    expect(played.plan({ ...cleared, metadata: { ...cleared.metadata, finalizers: [] } })).toEqual([]);
  });

  it("is nobody else's: Services of other classes, and of none, are left alone", () => {
    const played = new Played();
    for (const spec of [
      { loadBalancerClass: 'gantry.dev/envoy' },
      { loadBalancerClass: undefined },
      { type: 'NodePort' },
    ]) {
      const metadata = { finalizers: [] };
      expect(played.plan(serviceOf({ spec: spec as Partial<Service['spec']>, metadata }))).toEqual([]);
    }
    const foreign = serviceOf({
      spec: { loadBalancerClass: 'other' },
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    });
    expect(played.plan(foreign)).toEqual([]);
  });
});
