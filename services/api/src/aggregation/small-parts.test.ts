import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { describe, expect, test } from 'vitest';
import { headersFor, isRequestHeader } from './aggregator.ts';
import { answerOf, serviceProblem, withAvailability } from './availability.ts';
import { discoveryOf } from './discovery.ts';
import { mergedSwagger } from './swagger.ts';

const apiService: APIService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.g' },
  spec: {
    group: 'g',
    version: 'v1',
    groupPriorityMinimum: 1,
    versionPriority: 1,
    service: { namespace: 'ns', name: 's', port: 443 },
  },
};

describe('a version is not available', () => {
  const service = (spec: Service['spec']): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec,
  });
  const slice = (ready: boolean, port: string): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's-1' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
    ports: [{ name: port, port: 8443 }],
  });
  const https = service({ ports: [{ name: 'https', port: 443 }] });
  test.each<[string, Service | undefined, EndpointSlice[], [string, string] | undefined]>([
    ['without a service', undefined, [], ['ServiceNotFound', 'service/s in "ns" is not present']],
    [
      'without the port',
      service({ ports: [{ port: 80 }] }),
      [],
      ['ServicePortError', 'service/s in "ns" is not listening on port 443'],
    ],
    ['without slices', https, [], ['EndpointsNotFound', 'cannot find endpointslices for service/s in "ns"']],
    [
      'where no endpoint is ready',
      https,
      [slice(false, 'https')],
      ['MissingEndpoints', 'endpointslices for service/s in "ns" have no addresses with port name "https"'],
    ],
    [
      'where no endpoint has the port',
      https,
      [slice(true, 'http')],
      ['MissingEndpoints', 'endpointslices for service/s in "ns" have no addresses with port name "https"'],
    ],
    ['(but it may be)', https, [slice(false, 'https'), slice(true, 'https')], undefined],
    ['(nor is it known of an external name)', service({ type: 'ExternalName' }), [], undefined],
  ])('%s', (_, given, slices, wanted) => {
    const [reason, message] = wanted ?? [];
    expect(serviceProblem(apiService, given, slices)).toEqual(wanted && { status: 'False', reason, message });
  });
});

test('a condition changes where it is another, and its time where its status is', () => {
  const first = withAvailability(apiService, answerOf('why'), 'T1')!;
  expect(first.status?.conditions).toEqual([
    { type: 'Available', status: 'False', reason: 'FailedDiscoveryCheck', message: 'why', lastTransitionTime: 'T1' },
  ]);
  expect(withAvailability(first, answerOf('why'), 'T2')).toBeUndefined();
  const second = withAvailability(first, answerOf('else'), 'T2')!;
  expect(second.status?.conditions?.[0]).toMatchObject({ message: 'else', lastTransitionTime: 'T1' });
  expect(withAvailability(second, answerOf(undefined), 'T3')?.status?.conditions?.[0]).toMatchObject({
    status: 'True',
    lastTransitionTime: 'T3',
  });
});

test('headers say who asks, with keys as they may stand in them', () => {
  const user = { name: 'jane', groups: ['a', 'b'], uid: '7', extra: { 'scopes.x/y z': ['1', '2'] } };
  expect(headersFor(user)).toEqual({
    'X-Remote-User': 'jane',
    'X-Remote-Uid': '7',
    'X-Remote-Group': ['a', 'b'],
    'X-Remote-Extra-scopes.x%2Fy%20z': ['1', '2'],
  });
  expect(['x-remote-user', 'X-Remote-Extra-a', 'x-remote-uid', 'x-remote-group'].every(isRequestHeader)).toBe(true);
  expect(isRequestHeader('x-remote')).toBe(false);
});

test('a list of resources becomes discovery, with subresources below their resources', () => {
  const list = {
    groupVersion: 'g/v1',
    resources: [
      { name: 'things', singularName: 'thing', namespaced: false, kind: 'Thing', verbs: ['get'], shortNames: ['t'] },
      { name: 'things/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get'] },
      { kind: 'broken' },
    ],
  };
  expect(discoveryOf(list)).toEqual([
    {
      resource: 'things',
      responseKind: { group: 'g', version: 'v1', kind: 'Thing' },
      scope: 'Cluster',
      singularResource: 'thing',
      verbs: ['get'],
      shortNames: ['t'],
      subresources: [
        { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get'] },
      ],
    },
  ]);
  expect(discoveryOf({ kind: 'Status' })).toBeUndefined();
});

test('a definition whose name is taken by another one gets one of its own', () => {
  const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
  const own = { paths: { '/api/v1/pods': {} }, definitions: { Same: { type: 'object' }, Taken: { type: 'object' } } };
  const swagger = {
    paths: { '/apis/g/v1/things': { get: [ref('Taken'), ref('Same')] }, '/apis/other/v1/x': { get: ref('Unused') } },
    definitions: { Same: { type: 'object' }, Taken: { properties: { a: ref('Inner') } }, Inner: {}, Unused: {} },
  };
  const remote = { group: 'g', version: 'v1', resources: [], isStale: false, schemaHash: undefined, swagger };
  expect(mergedSwagger(own, [remote])).toEqual({
    paths: { '/api/v1/pods': {}, '/apis/g/v1/things': { get: [ref('Taken_v2'), ref('Same')] } },
    definitions: {
      Same: { type: 'object' },
      Taken: { type: 'object' },
      Taken_v2: { properties: { a: ref('Inner') } },
      Inner: {},
    },
  });
});
