import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aNode, aPod, aService } from '../testing/objects.ts';
import { endpointSliceController } from './endpointslice.ts';

const zoned = (name: string, zone: string) =>
  aNode(name, { metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } } });
const nodes = [zoned('n', 'a'), zoned('m', 'b')];
const plan = (objects: readonly AnyObject[], revision?: number): readonly Action[] =>
  endpointSliceController().reconcile('default/web', fakeView([...nodes, ...objects], revision), 0);
const slicesOf = (actions: readonly Action[]): EndpointSlice[] =>
  actions.flatMap((action) =>
    action.type === 'create' || action.type === 'update' ? [action.object as EndpointSlice] : [],
  );
const endpointsOf = (objects: readonly AnyObject[], revision?: number) =>
  slicesOf(plan(objects, revision)).flatMap(({ endpoints }) => endpoints ?? []);
const ending = (pod: Pod): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

describe('the endpoints of a Service', () => {
  it.each<[what: string, pod: Pod, spec: Partial<Service['spec']>, conditions: object]>([
    ['is ready', aPod('p', { node: 'n' }), {}, { ready: true, serving: true, terminating: false }],
    ['is not', aPod('p', { node: 'n', ready: false }), {}, { ready: false, serving: false, terminating: false }],
    ['goes', ending(aPod('p', { node: 'n' })), {}, { ready: false, serving: true, terminating: true }],
    [
      'is not, and is listed anyway',
      aPod('p', { node: 'n', ready: false }),
      { publishNotReadyAddresses: true },
      { ready: true, serving: false, terminating: false },
    ],
    [
      'goes, and is listed anyway',
      ending(aPod('p', { node: 'n' })),
      { publishNotReadyAddresses: true },
      { ready: true, serving: true, terminating: true },
    ],
  ])('say of a pod that it %s', (_, pod, spec, conditions) => {
    expect(endpointsOf([aService(spec), pod])).toMatchObject([{ conditions, nodeName: 'n', zone: 'a' }]);
  });

  it('leave out pods that have ended, and those of nodes that are gone, but for who is listed anyway', () => {
    const done = aPod('done', { node: 'n' });
    done.status!.phase = 'Succeeded';
    const stray = aPod('stray', { node: 'gone' });
    expect(endpointsOf([aService(), done, stray])).toEqual([]);
    expect(endpointsOf([aService({ publishNotReadyAddresses: true }), stray])).toMatchObject([{ nodeName: 'gone' }]);
    stray.metadata.resourceVersion = '9';
    expect(endpointsOf([aService(), stray], 8)).toMatchObject([{ nodeName: 'gone' }]);
  });

  it('are in a slice a family', () => {
    const pod = aPod('p', { node: 'n' });
    pod.status!.podIPs = [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }];
    const slices = slicesOf(plan([aService({ ipFamilies: ['IPv4', 'IPv6'] }), pod]));
    expect(slices).toMatchObject([
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.7'] }] },
      { addressType: 'IPv6', endpoints: [{ addresses: ['fd00::7'] }] },
    ]);
  });

  it('are in a slice for each number of a named port, those of sidecars among them; a headless Service needs none', () => {
    const [one, other] = [aPod('one', { node: 'n' }), aPod('other', { node: 'n' })];
    other.spec.containers[0]!.ports = [];
    other.spec.initContainers = [
      {
        name: 's',
        image: 'x',
        restartPolicy: 'Always',
        ports: [{ name: 'http', containerPort: 9090, protocol: 'TCP' }],
      },
    ];
    const service = aService();
    expect(slicesOf(plan([service, one, other])).map(({ ports }) => ports?.[0]?.port)).toEqual([8080, 9090]);
    const headless = aService({ clusterIP: 'None', ports: [] });
    expect(slicesOf(plan([headless, one]))).toMatchObject([
      { ports: [], endpoints: [{}], metadata: { labels: { 'service.kubernetes.io/headless': '' } } },
    ]);
  });

  it('have the labels of their Service but for those that say whose they are', () => {
    const service = aService({ clusterIP: '10.96.0.7' });
    service.metadata.labels = {
      tier: 'x',
      'kubernetes.io/service-name': 'other',
      'service.kubernetes.io/headless': 'y',
    };
    expect(slicesOf(plan([service]))[0]!.metadata.labels).toEqual({
      tier: 'x',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
  });

  it('say when the change happened by which they were written', () => {
    const controller = endpointSliceController();
    const service = aService();
    service.metadata.creationTimestamp = '2026-01-01T00:00:05Z';
    const stamps = (...objects: AnyObject[]) =>
      slicesOf(controller.reconcile('default/web', fakeView([...nodes, ...objects]), 0)).map(
        ({ metadata }) => metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'],
      );
    expect(stamps(service)).toEqual(['2026-01-01T00:00:05Z']);
    expect(stamps(service, aPod('p', { node: 'n' }))).toEqual(['2026-01-01T00:01:00Z']);
    expect(stamps(service, aPod('p', { node: 'n' }))).toEqual([undefined]);
  });

  it('come to no new slices where the Service is to go', () => {
    const service = aService();
    service.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(plan([service, aPod('p', { node: 'n' })])).toEqual([]);
  });
});

describe('hints', () => {
  const pods = [aPod('p', { node: 'n' }), aPod('q', { node: 'm', ready: false })];

  it.each<[distribution: string, hints: object | undefined]>([
    ['PreferClose', { forZones: [{ name: 'a' }] }],
    ['PreferSameZone', { forZones: [{ name: 'a' }] }],
    ['PreferSameNode', { forZones: [{ name: 'a' }], forNodes: [{ name: 'n' }] }],
  ])('of %s name the place of each ready endpoint', (trafficDistribution, hints) => {
    const [ready, other] = endpointsOf([aService({ trafficDistribution }), ...pods]);
    expect([ready?.hints, other?.hints]).toEqual([hints, undefined]);
  });

  it('go where nobody asks for them any more', () => {
    const [slice] = slicesOf(plan([aService({ trafficDistribution: 'PreferClose' }), ...pods]));
    const service = aService();
    const stored = {
      ...slice!,
      metadata: {
        ...slice!.metadata,
        name: 's',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Service', name: 'web', uid: service.metadata.uid!, controller: true },
        ],
      },
    };
    const actions = plan([service, ...pods, stored]);
    expect(actions.map(({ type }) => type)).toEqual(['update']);
    expect(slicesOf(actions)[0]!.endpoints?.map(({ hints }) => hints)).toEqual([undefined, undefined]);
  });

  it('by the CPUs of zones come before the field, and users are told once why there are none', () => {
    const controller = endpointSliceController();
    const service = aService({ trafficDistribution: 'PreferClose' });
    service.metadata.annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
    const look = () => controller.reconcile('default/web', fakeView([...nodes, service, ...pods]), 0);
    expect(slicesOf(look()).flatMap(({ endpoints }) => endpoints!.map(({ hints }) => hints))).toEqual([
      undefined,
      undefined,
    ]);
    const message =
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4';
    const again = endpointSliceController().reconcile('default/web', fakeView([...nodes, service, ...pods]), 0);
    expect(again).toContainEqual({
      type: 'event',
      about: service,
      eventType: 'Warning',
      reason: 'TopologyAwareHintsDisabled',
      message,
    });
    expect(look().filter(({ type }) => type === 'event')).toEqual([]);
    const sized = { ...zoned('o', 'c'), status: { ...aNode('o').status, allocatable: { cpu: '4' } } };
    expect(controller.keysFor(sized, fakeView([sized]))).toEqual(['default/web']);
    expect(controller.keysFor(sized, fakeView([sized]))).toEqual([]);
  });
});

describe('a node whose zone changes', () => {
  it('concerns the Services of its pods', () => {
    const controller = endpointSliceController();
    const [service, pod] = [aService(), aPod('p', { node: 'n' })];
    const keys = (node: AnyObject) => controller.keysFor(node, fakeView([node, service, pod]));
    expect(keys(zoned('n', 'a'))).toEqual(['default/web']);
    expect(keys(zoned('n', 'a'))).toEqual([]);
    expect(keys(zoned('n', 'b'))).toEqual(['default/web']);
    expect(controller.keysFor(zoned('n', 'b'), fakeView([service, pod]))).toEqual(['default/web']);
  });
});
