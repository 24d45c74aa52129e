import type { EndpointPort, Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aService } from '../testing/objects.ts';
import { endpointsController } from './endpoints.ts';

const ours = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
const web = aService({ clusterIP: '10.96.0.9' });
const http = { name: 'http', port: 8080, protocol: 'TCP' };

const endpoint = (ip: string, conditions: Endpoint['conditions'] = { ready: true }): Endpoint => ({
  addresses: [ip],
  conditions,
  nodeName: 'n1',
  targetRef: { kind: 'Pod', namespace: 'default', name: `pod-${ip}`, uid: `uid-${ip}` },
});
const address = (ip: string) => ({ ip, nodeName: 'n1', targetRef: endpoint(ip).targetRef });

let slices = 0;
const slice = (endpoints: Endpoint[], ports: EndpointPort[] = [http], service: Service = web): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: `web-${slices++}`,
    namespace: 'default',
    resourceVersion: '6',
    ownerReferences: [controllerReference(service)],
  },
  addressType: 'IPv4',
  ports,
  endpoints,
});
const plan = (...objects: AnyObject[]): readonly Action[] =>
  endpointsController(new FakeClock()).reconcile('default/web', fakeView(objects), 0);
/** The Endpoints that a plan writes, as the api stores them. */
const writtenBy = (actions: readonly Action[]): Endpoints => {
  const [action] = actions;
  if (action?.type !== 'create' && action?.type !== 'update') throw new Error('nothing is written');
  const object = action.object as Endpoints;
  return { ...object, metadata: { ...object.metadata, uid: 'uid-endpoints', resourceVersion: '7' } };
};
const subsetsOf = (...given: EndpointSlice[]): Endpoints['subsets'] => writtenBy(plan(web, ...given)).subsets;

describe('the Endpoints of a Service', () => {
  it('have its name and labels, and say what its slices say, and are written once', () => {
    const service = { ...web, metadata: { ...web.metadata, labels: { app: 'web' } } };
    const some = slice([endpoint('10.0.0.9'), { ...endpoint('10.0.0.10'), hostname: 'a', zone: 'z' }]);
    const more = slice([endpoint('10.0.0.2', { ready: false, serving: false, terminating: false })]);
    const actions = plan(service, some, more);
    expect(actions).toEqual([
      {
        type: 'create',
        object: {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: 'web', namespace: 'default', labels: { app: 'web', ...ours }, annotations: {} },
          subsets: [
            {
              addresses: [{ ...address('10.0.0.10'), hostname: 'a' }, address('10.0.0.9')],
              notReadyAddresses: [address('10.0.0.2')],
              ports: [http],
            },
          ],
        },
      },
    ]);
    expect(plan(service, more, some, writtenBy(actions))).toEqual([]);
  });

  it('leave out what is on its way out, unless it counts as ready', () => {
    const leaving = { serving: true, terminating: true };
    expect(
      subsetsOf(
        slice([endpoint('10.0.0.1', { ready: false, ...leaving }), endpoint('10.0.0.2', { ready: true, ...leaving })]),
      ),
    ).toEqual([{ addresses: [address('10.0.0.2')], ports: [http] }]);
    expect(subsetsOf(slice([endpoint('10.0.0.1', { ready: false, ...leaving })]))).toEqual([]);
  });

  it('join ports of the same addresses, and part those of different ones', () => {
    const admin = { name: 'admin', port: 9090, protocol: 'TCP' };
    const other = { ...admin, port: 9091 };
    expect(
      subsetsOf(slice([endpoint('10.0.0.1')], [http, admin]), slice([endpoint('10.0.0.2')], [http, other])),
    ).toEqual([
      { addresses: [address('10.0.0.1')], ports: [admin] },
      { addresses: [address('10.0.0.2')], ports: [other] },
      { addresses: [address('10.0.0.1'), address('10.0.0.2')], ports: [http] },
    ]);
    expect(subsetsOf(slice([endpoint('10.0.0.1')], [http, admin]))).toEqual([
      { addresses: [address('10.0.0.1')], ports: [admin, http] },
    ]);
  });

  it('list an endpoint that two slices have for a moment once, and not as ready where one of them says so', () => {
    const late = slice([endpoint('10.0.0.1', { ready: false })]);
    const wanted = [{ notReadyAddresses: [address('10.0.0.1')], ports: [http] }];
    expect(subsetsOf(slice([endpoint('10.0.0.1')]), late)).toEqual(wanted);
    expect(subsetsOf(late, slice([endpoint('10.0.0.1')]))).toEqual(wanted);
  });

  it('have no ports where the Service has none, and no pods that lack its ports', () => {
    const headless = aService({ clusterIP: 'None', ports: [] });
    const { metadata, subsets } = writtenBy(plan(headless, slice([endpoint('10.0.0.1')], [], headless)));
    expect(metadata.labels).toEqual({ ...ours, 'service.kubernetes.io/headless': '' });
    expect(subsets).toEqual([{ addresses: [address('10.0.0.1')] }]);
    expect(subsetsOf(slice([endpoint('10.0.0.1')], []))).toEqual([]);
  });

  it('change with labels, and lose those that do not belong; annotations of others stay', () => {
    const stored = writtenBy(plan(web, slice([])));
    const labels = { ...ours, old: 'x', 'service.kubernetes.io/headless': '' };
    const annotations = { note: 'n', 'endpoints.kubernetes.io/over-capacity': 'truncated' };
    const changed = { ...stored, metadata: { ...stored.metadata, labels, annotations } };
    const actions = plan(web, slice([]), changed);
    expect(actions).toMatchObject([{ type: 'update', object: { metadata: { resourceVersion: '7' } } }]);
    expect(writtenBy(actions).metadata).toMatchObject({ labels: ours, annotations: { note: 'n' } });
    expect(Object.keys(writtenBy(actions).metadata.annotations!)).toEqual(['note']);
  });

  it('wait for the first slice, and stay as they are without one', () => {
    expect(plan(web)).toEqual([]);
    expect(plan(web, writtenBy(plan(web, slice([endpoint('10.0.0.1')]))))).toEqual([]);
  });

  it('are not taken back by a view that is older than they are', () => {
    const stored = writtenBy(plan(web, slice([endpoint('10.0.0.1')])));
    const objects = [web, slice([endpoint('10.0.0.2')]), stored];
    const at = (revision: number) =>
      endpointsController(new FakeClock()).reconcile('default/web', fakeView(objects, revision), 0);
    expect(at(6)).toMatchObject([{ type: 'requeue' }]);
    expect(at(7)).toMatchObject([{ type: 'update' }]);
  });
});

describe('many endpoints', () => {
  const many = (count: number, ready = true): Endpoint[] =>
    Array.from({ length: count }, (_, i) => endpoint(`10.${ready ? 0 : 1}.${i >> 8}.${i & 255}`, { ready }));

  it('are cut to a thousand addresses, of which ready ones come first, and that is said once', () => {
    const all = slice([...many(50, false), ...many(990)]);
    const stored = writtenBy(plan(web, all));
    expect(stored.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' });
    expect(stored.subsets).toHaveLength(1);
    expect(stored.subsets![0]!.addresses).toHaveLength(990);
    expect(stored.subsets![0]!.notReadyAddresses).toHaveLength(10);
    expect(plan(web, all, stored)).toEqual([]);
    expect(writtenBy(plan(web, slice(many(1_000)), stored)).metadata.annotations).toEqual({});
  });

  it('are cut in proportion to the subsets', () => {
    const other = { ...http, port: 8081 };
    const [first, second] = subsetsOf(slice(many(1_500)), slice([...many(500), ...many(9, false)], [other]))!;
    expect([first!.addresses!.length, second!.addresses!.length]).toEqual([750, 250]);
    expect(second).not.toHaveProperty('notReadyAddresses');
  });

  it('are written once a second, and few at once', () => {
    const clock = new FakeClock();
    const controller = endpointsController(clock);
    const at = (count: number, stored?: Endpoints): readonly Action[] =>
      controller.reconcile('default/web', fakeView([web, slice(many(count)), ...(stored ? [stored] : [])]), 0);
    const first = writtenBy(at(200));
    clock.advance(400);
    expect(at(201, first)).toEqual([{ type: 'requeue', afterMs: 600 }]);
    clock.advance(600);
    const second = writtenBy(at(3, first));
    expect(at(4, second)).toMatchObject([{ type: 'update' }]);
  });
});

describe('Endpoints without a Service that selects pods', () => {
  const stored = writtenBy(plan(web, slice([endpoint('10.0.0.1')])));
  const users = { ...stored, metadata: { ...stored.metadata, labels: {} } };
  const bare: [why: string, objects: AnyObject[]][] = [
    ['it is gone', []],
    ['it lost its selector', [aService({ selector: {} })]],
    ['it is an alias', [aService({ type: 'ExternalName' })]],
  ];

  it.each(bare)('go if they were made here, and else stay, where %s', (_, objects) => {
    expect(plan(...objects, stored)).toMatchObject([{ type: 'delete', object: stored, ifUnchanged: true }]);
    expect(plan(...objects, users)).toEqual([]);
  });

  it('go only where the Service is really gone', () => {
    expect(plan(stored)).toMatchObject([
      { requires: [{ type: 'absent', ref: { kind: 'Service', namespace: 'default', name: 'web' } }] },
    ]);
    const late = endpointsController(new FakeClock()).reconcile('default/web', fakeView([stored], 6), 0);
    expect(late).toMatchObject([{ type: 'requeue' }]);
  });

  it('are looked at when they, their Service or one of its slices change', () => {
    const { keysFor } = endpointsController(new FakeClock());
    for (const object of [stored, web, slice([])]) expect(keysFor(object, fakeView([]))).toEqual(['default/web']);
  });
});
