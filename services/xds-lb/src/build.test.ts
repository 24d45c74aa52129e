import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { asleepCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { Cluster } from 'envoy-control-plane-ts/envoy/cluster.ts';
import { ClusterLoadAssignment } from 'envoy-control-plane-ts/envoy/endpoint.ts';
import { HttpConnectionManager, Listener, TcpProxy } from 'envoy-control-plane-ts/envoy/listener.ts';
import { RouteConfiguration } from 'envoy-control-plane-ts/envoy/route.ts';
import { decode, unpack } from 'envoy-control-plane-ts/proto/codec.ts';
import type { MessageType, ValueOf } from 'envoy-control-plane-ts/proto/schema.ts';
import { typeUrlOf } from 'envoy-control-plane-ts/proto/schema.ts';
import type { Snapshot } from 'envoy-control-plane-ts/snapshot.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { build, type Memory } from './build.ts';
import { defaultConfig } from './config.ts';
import { splitsOf } from './splits.ts';
import { endpoint, podEndpoint, rollout, service, slice } from './testing/fixtures.ts';

const config = defaultConfig.loadBalancer;
const http = { name: 'http', port: 80 };

function names(snapshot: Snapshot, type: MessageType): string[] {
  return [...(snapshot.types.get(typeUrlOf(type))?.resources.keys() ?? [])];
}

function find<T extends MessageType>(snapshot: Snapshot, type: T, name: string): ValueOf<T> {
  return decode(type, snapshot.types.get(typeUrlOf(type))!.resources.get(name)!.value) as ValueOf<T>;
}

describe('build', () => {
  it('has a listener for Envoy of LoadBalancers only, and one for gRPC clients of every Service', () => {
    const services = [service('web', [http]), service('internal', [http], { type: 'ClusterIP' })];
    const built = build({ services, slices: [] }, config);
    expect(names(built.envoy, Listener)).toEqual(['web.default:80']);
    expect(names(built.grpc, Listener)).toEqual(['web.default:80', 'internal.default:80']);
    expect(find(built.envoy, Listener, 'web.default:80').address?.socketAddress).toMatchObject({
      address: '0.0.0.0',
      portValue: 80,
    });
    expect(find(built.grpc, Listener, 'web.default:80').apiListener).toBeDefined();
  });

  it('has no listener for an ExternalName or a UDP port', () => {
    const services = [
      service('ext', [http], { type: 'ExternalName', externalName: 'example.com' }),
      service('dns', [{ port: 53, protocol: 'UDP' }]),
    ];
    const built = build({ services, slices: [] }, config);
    expect([built.envoy.types.size, built.grpc.types.size]).toEqual([0, 0]);
  });

  it('routes HTTP with retries, and passes TCP through', () => {
    const services = [service('web', [http]), service('db', [{ port: 5432 }])];
    const { envoy } = build({ services, slices: [] }, config);
    const filters = (name: string) =>
      find(envoy, Listener, name).filterChains![0]!.filters!.map((filter) => filter.typedConfig);
    expect(unpack(HttpConnectionManager, filters('web.default:80')[0])?.rds?.routeConfigName).toBe('web.default:80');
    expect(unpack(TcpProxy, filters('db.default:5432')[0])?.cluster).toBe('db.default:5432');
    const [safe, rest] = find(envoy, RouteConfiguration, 'web.default:80').virtualHosts![0]!.routes!;
    expect(safe?.match?.headers?.[0]?.stringMatch?.safeRegex?.regex).toBe('GET|HEAD|OPTIONS');
    expect(safe?.route?.retryPolicy?.retryOn?.split(',')).toContain('reset');
    // A request that may change something is sent again only where no pod can have begun with it.
    expect(rest?.route?.retryPolicy?.retryOn?.split(',')).not.toContain('reset');
    expect(rest?.route?.retryPolicy?.retryHostPredicate).toHaveLength(1);
  });

  it('hashes by client where the Service has affinity', () => {
    const affine = service('web', [http, { port: 81 }], { sessionAffinity: 'ClientIP' });
    const { envoy, grpc } = build({ services: [affine], slices: [] }, config);
    expect(find(envoy, Cluster, 'web.default:80').lbPolicy).toBe('RING_HASH');
    expect(find(grpc, Cluster, 'web.default:81').lbPolicy).toBe('RING_HASH');
    const policies = (snapshot: Snapshot) =>
      find(snapshot, RouteConfiguration, 'web.default:80').virtualHosts![0]!.routes!.map(
        (route) => route.route?.hashPolicy,
      );
    expect(policies(envoy)).toEqual(Array(2).fill([{ connectionProperties: { sourceIp: true } }]));
    expect(policies(grpc)).toEqual([[{ filterState: { key: 'io.grpc.channel_id' } }]]);
  });

  it('balances by load in Envoy, and round robin in gRPC clients', () => {
    const { envoy, grpc } = build({ services: [service('web', [http])], slices: [] }, config);
    expect(find(envoy, Cluster, 'web.default:80').lbPolicy).toBe('LEAST_REQUEST');
    expect(find(grpc, Cluster, 'web.default:80').lbPolicy ?? 'ROUND_ROBIN').toBe('ROUND_ROBIN');
  });

  it('makes only those Services again that changed', () => {
    const services = [service('a', [http]), service('b', [{ port: 81 }])];
    const slices = [slice('a', { name: 'http', port: 1 }, [endpoint('10.0.0.1')])];
    const first = build({ services, slices }, config);
    const more = [...slices, slice('b', { port: 2 }, [endpoint('10.0.0.2')])];
    const second = build({ services, slices: more }, config, first.memory);
    expect(second.memory.get('default/a')).toBe(first.memory.get('default/a'));
    expect(second.memory.get('default/b')).not.toBe(first.memory.get('default/b'));
  });

  it('goes on without a Service that no configuration can be made of', () => {
    const bad = service('bad', [{ name: 'http', port: 70000 }]);
    const built = build({ services: [bad, service('good', [http])], slices: [] }, config);
    expect([...built.problems.keys()]).toEqual(['default/bad']);
    expect(built.problems.get('default/bad')?.message).toContain('portValue: must be at most 65535, is 70000');
    expect(names(built.envoy, Listener)).toEqual(['good.default:80']);
  });

  it('never throws, and comes to the same from memory as from nothing', () => {
    const port = fc.record({
      port: fc.nat(70000),
      name: fc.constantFrom('http', 'grpc', '', 'db'),
      protocol: fc.constantFrom('TCP', 'UDP'),
    });
    const anyService: fc.Arbitrary<Service> = fc
      .record({
        name: fc.constantFrom('a', 'b', 'c'),
        ports: fc.array(port, { maxLength: 3 }),
        type: fc.constantFrom('LoadBalancer', 'ClusterIP', 'ExternalName'),
        loadBalancerIP: fc.constantFrom('', '10.0.0.1', 'bad'),
        sessionAffinity: fc.constantFrom('None', 'ClientIP'),
      })
      .map(({ name, ports, ...spec }) => service(name, ports, spec));
    const cluster = fc.uniqueArray(anyService, { selector: ({ metadata }) => metadata.name });
    fc.assert(
      fc.property(cluster, cluster, (before, after) => {
        const { memory } = build({ services: before, slices: [] }, config);
        const fromMemory = build({ services: after, slices: [] }, config, memory);
        const fromNothing = build({ services: after, slices: [] }, config);
        expect([fromMemory.envoy.version, fromMemory.grpc.version]).toEqual([
          fromNothing.envoy.version,
          fromNothing.grpc.version,
        ]);
      }),
    );
  });
});

describe('a split', () => {
  const pods = [podEndpoint('10.0.0.1', 'a1'), podEndpoint('10.0.0.2', 'b1')];
  const splits = (canaryWeight: number) =>
    splitsOf([rollout({ stableRevision: 'a', canaryRevision: 'b', canaryWeight })]);
  const revisions = () => (uid: string) => uid[0];
  const web = service('web', [http]);
  const slices = [slice('web', { name: 'http', port: 1 }, pods)];
  const clustersOf = (snapshot: Snapshot): unknown[] =>
    find(snapshot, RouteConfiguration, 'web.default:80').virtualHosts![0]!.routes!.map(
      ({ route }) => route?.cluster ?? route?.weightedClusters,
    );

  it('routes by weight to a cluster of each revision', () => {
    const { envoy, grpc } = build({ services: [web], slices, splits: splits(25), revisions }, config);
    const clusters = ['a', 'b'].map((revision, i) => ({ name: `web.default:80@${revision}`, weight: [75, 25][i] }));
    expect(clustersOf(envoy)).toEqual([{ clusters }, { clusters }]);
    expect(clustersOf(grpc)).toEqual([{ clusters }]);
    expect(names(envoy, Cluster)).toEqual(['web.default:80', 'web.default:80@a', 'web.default:80@b']);
    const addresses = find(envoy, ClusterLoadAssignment, 'web.default:80@b').endpoints!.flatMap(
      ({ lbEndpoints = [] }) => lbEndpoints.map((item) => item.endpoint?.address?.socketAddress?.address),
    );
    expect(addresses).toEqual(['10.0.0.2']);
  });

  it.each([
    [0, 'web.default:80@a'],
    [100, 'web.default:80@b'],
  ])('names one cluster at a weight of %d', (weight, cluster) => {
    const { envoy } = build({ services: [web], slices, splits: splits(weight), revisions }, config);
    expect(clustersOf(envoy)).toEqual([cluster, cluster]);
  });

  it('keeps a client with one revision where the Service has affinity', () => {
    const affine = service('web', [http], { sessionAffinity: 'ClientIP' });
    const { envoy } = build({ services: [affine], slices, splits: splits(25), revisions }, config);
    expect(clustersOf(envoy)).toEqual(Array(2).fill(expect.objectContaining({ useHashPolicy: true })));
  });

  it('splits TCP within one cluster, so that the listener stays as it is', () => {
    const db = service('web', [{ port: 80 }]);
    const unnamed = [slice('web', { port: 1 }, pods)];
    const built = (weight: number) =>
      build({ services: [db], slices: unnamed, splits: splits(weight), revisions }, config).envoy;
    const parts = (weight: number) =>
      find(built(weight), ClusterLoadAssignment, 'web.default:80').endpoints!.map((part) => [
        part.locality?.subZone,
        part.loadBalancingWeight,
      ]);
    expect(parts(25)).toEqual([
      ['a', 75_000],
      ['b', 25_000],
    ]);
    expect(parts(0)).toEqual([['a', 100_000]]);
    expect(names(built(25), Cluster)).toEqual(['web.default:80']);
    const listener = (weight: number) => built(weight).types.get(typeUrlOf(Listener))?.version;
    expect(listener(25)).toBe(listener(50));
  });

  it('waits with a change until the revisions of the pods are known', () => {
    const known = { services: [web], slices, splits: splits(0), revisions };
    const { memory } = build(known, config);
    const later = (before: Memory) =>
      build({ ...known, splits: splits(100), revisions: () => undefined }, config, before).envoy;
    expect(clustersOf(later(memory))).toEqual(Array(2).fill('web.default:80@a'));
    expect(clustersOf(later(new Map()))).toEqual(Array(2).fill('web.default:80'));
  });

  it('follows a pod whose revision becomes known while nothing else changes', () => {
    const unknown = { services: [web], slices, splits: splits(100), revisions: () => () => undefined };
    const { memory, envoy } = build(unknown, config);
    expect(clustersOf(envoy)).toEqual(Array(2).fill('web.default:80'));
    expect(clustersOf(build({ ...unknown, revisions }, config, memory).envoy)).toEqual(
      Array(2).fill('web.default:80@b'),
    );
  });
});

describe('doors', () => {
  const tcp = { name: 'db', port: 90 };
  const pods = (ready: boolean) =>
    [http, tcp].map((port) =>
      slice('web', port, [endpoint('10.0.0.1', { conditions: { ready, serving: true, terminating: !ready } })]),
    );
  const holding: Service = {
    ...service('web', [http, tcp]),
    metadata: {
      ...service('web', []).metadata,
      annotations: {
        [zeroAnnotations.requests]: '10',
        [zeroAnnotations.bytes]: '1Mi',
        [zeroAnnotations.timeout]: '9s',
      },
    },
  };
  const asleep = (status: string): Service => ({
    ...holding,
    status: {
      conditions: [
        { type: asleepCondition, status, reason: 'x', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
      ],
    },
  });
  const isAsking = (built: ReturnType<typeof build>): boolean =>
    (find(built.envoy, RouteConfiguration, 'web.default:80').virtualHosts?.[0]?.rateLimits ?? []).length > 0;

  it.each([
    ['no pod', holding, [], false],
    ['a ready pod', holding, pods(true), true],
    ['a pod that ends', holding, pods(false), false],
    ['a pod, and on its way to zero', asleep('True'), pods(true), false],
    ['a pod, and awake again', asleep('False'), pods(true), true],
  ])('are open or shut: %s', (_, web, slices, isOpen) => {
    const built = build({ services: [web], slices }, config);
    const door = { service: 'default/web', isOpen, maxWaiting: 10, timeoutMs: 9_000 };
    expect([...built.doors]).toEqual([
      ['web.default:80', door],
      ['web.default:90', door],
    ]);
    expect(isAsking(built)).toBe(!isOpen);
    const filters = ['web.default:80', 'web.default:90'].map((name) => find(built.envoy, Listener, name));
    expect(filters.map(({ perConnectionBufferLimitBytes }) => perConnectionBufferLimitBytes)).toEqual([
      104_857, 104_857,
    ]);
    expect(filters[1]!.filterChains?.[0]?.filters?.map(({ name }) => name)).toEqual([
      'envoy.filters.network.ratelimit',
      'envoy.filters.network.tcp_proxy',
    ]);
  });

  it('are none for a Service without the annotations', () => {
    const built = build({ services: [service('web', [http, tcp])], slices: [] }, config);
    expect([built.doors.size, isAsking(built)]).toEqual([0, false]);
    expect(find(built.envoy, Listener, 'web.default:90').filterChains?.[0]?.filters).toHaveLength(1);
  });
});
