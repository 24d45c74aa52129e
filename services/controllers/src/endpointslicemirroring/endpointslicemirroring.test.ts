import type { Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { endpointSliceMirroringController as controller } from './endpointslicemirroring.ts';

const at = (name: string) => ({ name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '5' });
const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: at('db'),
  spec: { ports: [{ port: 5432 }], ...spec } as Service['spec'],
});
const endpoints = (subsets: Endpoints['subsets'], metadata: Partial<Endpoints['metadata']> = {}): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { ...at('db'), ...metadata },
  ...(subsets === undefined ? {} : { subsets }),
});
const port = { name: 'pg', port: 5432, protocol: 'TCP' };
const two = endpoints([
  {
    addresses: [{ ip: '10.0.0.1', hostname: 'a', nodeName: 'n' }, { ip: '2001:db8::1' }],
    notReadyAddresses: [{ ip: '10.0.0.2' }],
    ports: [port],
  },
]);

const plan = (...objects: AnyObject[]): readonly Action[] => controller.reconcile('default/db', fakeView(objects), 0);
/** The slices that a plan makes, as the api stores them. */
const madeBy = (actions: readonly Action[]): EndpointSlice[] =>
  actions.flatMap((action, index) =>
    action.type === 'create'
      ? [
          {
            ...(action.object as EndpointSlice),
            metadata: { ...action.object.metadata, ...at(`db-${index}`), labels: action.object.metadata.labels! },
          },
        ]
      : [],
  );

describe('mirroring', () => {
  it('makes a slice for each family and set of ports, and then nothing', () => {
    const slices = madeBy(plan(service(), two));
    expect(slices).toMatchObject([
      {
        addressType: 'IPv4',
        ports: [port],
        endpoints: [
          { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'a', nodeName: 'n' },
          { addresses: ['10.0.0.2'], conditions: { ready: false } },
        ],
        metadata: {
          labels: { 'kubernetes.io/service-name': 'db' },
          ownerReferences: [{ kind: 'Endpoints', name: 'db', uid: 'uid-db', controller: true }],
        },
      },
      { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] },
    ]);
    expect(plan(service(), two, ...slices)).toEqual([]);
  });

  it('gives slices the annotations of the Endpoints, but for those about the object itself', () => {
    const annotations = {
      a: 'b',
      'endpoints.kubernetes.io/last-change-trigger-time': 'x',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const marked = { ...two, metadata: { ...two.metadata, annotations } };
    expect(madeBy(plan(service(), marked)).length).toBe(2);
    expect(plan(service(), marked)).toMatchObject([
      { object: { metadata: { annotations: { a: 'b' } } } },
      { object: { metadata: { annotations: { a: 'b' } } } },
    ]);
    expect(plan(service(), marked, ...madeBy(plan(service(), two))).map(({ type }) => type)).toEqual([
      'update',
      'update',
    ]);
  });

  it('makes a slice that would go the one that is to come', () => {
    const slices = madeBy(plan(service(), two));
    const other = endpoints([{ addresses: [{ ip: '10.0.0.9' }], ports: [{ ...port, port: 1 }] }]);
    expect(plan(service(), other, ...slices)).toMatchObject([
      { type: 'update', object: { metadata: { name: 'db-0' }, ports: [{ port: 1 }] } },
      { type: 'delete', object: { metadata: { name: 'db-1' } } },
    ]);
  });

  it('tells where addresses are too many', () => {
    const addresses = Array.from({ length: 1_002 }, (_, index) => ({ ip: `10.1.${index >> 8}.${index & 255}` }));
    const message =
      'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 2 addresses were skipped';
    const many = endpoints([{ addresses, ports: [port] }]);
    const actions = plan(service(), many);
    expect(actions).toMatchObject([{ type: 'create' }, { type: 'event', reason: 'TooManyAddressesToMirror', message }]);
    expect(plan(service(), many, ...madeBy(actions))).toEqual([]);
  });

  it('changes the slice whose endpoints changed, and removes the one that has none left', () => {
    const slices = madeBy(plan(service(), two));
    const now = endpoints([{ addresses: [{ ip: '10.0.0.9' }], ports: [port] }]);
    expect(plan(service(), now, ...slices)).toMatchObject([
      { type: 'update', object: { metadata: { name: 'db-0' }, endpoints: [{ addresses: ['10.0.0.9'] }] } },
      { type: 'delete', object: { metadata: { name: 'db-1' } } },
    ]);
  });

  it.each<[why: string, objects: AnyObject[]]>([
    ['the Service selects pods', [service({ selector: { app: 'db' } }), two]],
    ['there is no Service', [two]],
    [
      'they were made of slices',
      [
        service(),
        {
          ...two,
          metadata: { ...two.metadata, labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
        },
      ],
    ],
    ['the Service is an alias', [service({ type: 'ExternalName' }), two]],
    [
      'the author makes slices',
      [
        service(),
        { ...two, metadata: { ...two.metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } },
      ],
    ],
    [
      'they are a lease of old',
      [
        service(),
        { ...two, metadata: { ...two.metadata, annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } } },
      ],
    ],
  ])('makes none, and removes those that are there, where %s', (_, objects) => {
    expect(plan(...objects)).toEqual([]);
    const slices = madeBy(plan(service(), two));
    expect(plan(...objects, ...slices).map(({ type }) => type)).toEqual(['delete', 'delete']);
  });

  it('does nothing by a view that is older than the Endpoints, and leaves the slices of absent ones to the garbage collection', () => {
    expect(controller.reconcile('default/db', fakeView([two], 4), 0)).toMatchObject([{ type: 'requeue' }]);
    expect(plan(service(), ...madeBy(plan(service(), two)))).toEqual([]);
  });

  it('looks at Endpoints when their Service or one of their slices changes', () => {
    const [slice] = madeBy(plan(service(), two));
    for (const object of [two, service(), slice!]) {
      expect(controller.keysFor(object, fakeView([]))).toEqual(['default/db']);
    }
  });
});
