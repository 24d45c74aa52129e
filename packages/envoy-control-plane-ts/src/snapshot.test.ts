import { describe, expect, it } from 'vitest';
import { adsSource } from './envoy/core.ts';
import { TcpProxy } from './envoy/listener.ts';
import { pack } from './proto/codec.ts';
import { clusterResource, listenerResource, routesResource } from './resource.ts';
import { createSnapshot, InconsistentSnapshotError } from './snapshot.ts';
import { SnapshotCache } from './snapshot-cache.ts';
import { edsCluster, endpoints, httpListener, routes, webResources } from './testing/fixtures.ts';
import { clusterType, endpointType, routeType } from './type-urls.ts';

const web = { name: 'web', listenPort: 80, endpointPorts: [1] };

describe('createSnapshot', () => {
  it('has the same version for the same resources in any order', () => {
    const resources = webResources(web);
    expect(createSnapshot(resources.toReversed()).version).toBe(createSnapshot(resources).version);
    const other = createSnapshot(webResources({ ...web, endpointPorts: [2] }));
    expect(other.version).not.toBe(createSnapshot(resources).version);
    expect(other.types.get(clusterType)!.version).toBe(createSnapshot(resources).types.get(clusterType)!.version);
    expect(other.types.get(endpointType)!.version).not.toBe(createSnapshot(resources).types.get(endpointType)!.version);
  });

  const cases: readonly (readonly [string, Parameters<typeof createSnapshot>[0], string])[] = [
    [
      'a cluster without its endpoints',
      [edsCluster('web')],
      'Cluster "web" names ClusterLoadAssignment "web", which is not there',
    ],
    ['endpoints without a cluster', [endpoints('web', [1])], 'nothing names ClusterLoadAssignment "web"'],
    [
      'a listener without its routes',
      [httpListener('web', 80)],
      'Listener "web" names RouteConfiguration "web", which is not there',
    ],
    [
      'routes to no cluster',
      [httpListener('web', 80), routes('web', 'gone')],
      'RouteConfiguration "web" names Cluster "gone", which is not there',
    ],
    [
      'routes that nobody takes',
      [routes('web', 'a'), edsCluster('a'), endpoints('a', [1])],
      'nothing names RouteConfiguration "web"',
    ],
    ['a name twice', [edsCluster('web'), edsCluster('web'), endpoints('web', [1])], 'Cluster "web" occurs twice'],
  ];

  it.each(cases)('refuses %s', (_, resources, problem) => {
    expect(() => createSnapshot(resources)).toThrow(InconsistentSnapshotError);
    expect(() => createSnapshot(resources)).toThrow(problem);
  });

  it('takes routes to clusters that clients have of their own', () => {
    const resources = [httpListener('web', 80), routes('web', 'own')];
    expect(createSnapshot(resources, { staticClusters: ['own'] }).types.size).toBe(2);
  });
});

describe('references', () => {
  it('are read from EDS service names, weighted routes and TCP proxies', () => {
    const cluster = clusterResource({
      name: 'a',
      type: 'EDS',
      edsClusterConfig: { edsConfig: adsSource, serviceName: 'b' },
    });
    expect(cluster.references).toEqual([{ typeUrl: endpointType, name: 'b' }]);
    expect(clusterResource({ name: 'a', type: 'STRICT_DNS' }).references).toEqual([]);
    const weighted = routesResource({
      name: 'r',
      virtualHosts: [
        {
          name: 'h',
          domains: ['*'],
          routes: [
            { match: { prefix: '/' }, route: { weightedClusters: { clusters: [{ name: 'x' }, { name: 'y' }] } } },
            { match: { prefix: '/' }, redirect: { hostRedirect: 'elsewhere' } },
          ],
        },
      ],
    });
    expect(weighted.references.map(({ name }) => name)).toEqual(['x', 'y']);
    const typedConfig = pack(TcpProxy, { statPrefix: 't', cluster: 'x' });
    const tcp = listenerResource({ name: 't', defaultFilterChain: { filters: [{ name: 'f', typedConfig }] } });
    expect(tcp.references).toEqual([{ typeUrl: clusterType, name: 'x' }]);
    expect(httpListener('web', 80).references).toEqual([{ typeUrl: routeType, name: 'web' }]);
  });

  it('need resources with names', () => {
    expect(() => routesResource({ virtualHosts: [] })).toThrow('needs a name');
    expect(() => clusterResource({ name: '' })).toThrow('name: must have at least 1 character(s)');
  });
});

describe('SnapshotCache', () => {
  it('tells of new snapshots only', () => {
    const cache = new SnapshotCache();
    const told: string[] = [];
    const stop = cache.onChange((group) => told.push(group));
    expect(cache.set('g', createSnapshot(webResources(web)))).toBe(true);
    expect(cache.set('g', createSnapshot(webResources(web)))).toBe(false);
    stop();
    expect(cache.set('g', createSnapshot([]))).toBe(true);
    expect(told).toEqual(['g']);
    cache.delete('g');
    expect(cache.get('g')).toBeUndefined();
  });
});
