/** A web service as resources, for tests. */
import { adsSource, tcpAddress } from '../envoy/core.ts';
import { HttpConnectionManager, Router } from '../envoy/listener.ts';
import { pack } from '../proto/codec.ts';
import { clusterResource, endpointsResource, listenerResource, type Resource, routesResource } from '../resource.ts';

/** Names and addresses of a web service. */
export interface WebService {
  readonly name: string;
  readonly listenPort: number;
  readonly endpointPorts: readonly number[];
  /** Cluster that the route leads to; the service's own by default. */
  readonly routeTo?: string;
}

/** Cluster, endpoints, listener and routes of an HTTP service on the loopback address. */
export function webResources(service: WebService): Resource[] {
  return [
    edsCluster(service.name),
    endpoints(service.name, service.endpointPorts),
    httpListener(service.name, service.listenPort),
    routes(service.name, service.routeTo ?? service.name),
  ];
}

/** A cluster with endpoints by EDS. */
export function edsCluster(name: string, connectTimeout = 1_000): Resource {
  return clusterResource({ name, type: 'EDS', connectTimeout, edsClusterConfig: { edsConfig: adsSource } });
}

/** Healthy endpoints on loopback ports. */
export function endpoints(clusterName: string, ports: readonly number[]): Resource {
  const lbEndpoints = ports.map((port) => ({ endpoint: { address: tcpAddress('127.0.0.1', port) } }));
  return endpointsResource({
    clusterName,
    endpoints: [{ locality: { zone: 'a' }, loadBalancingWeight: 1, lbEndpoints }],
  });
}

/** A listener on a loopback port that takes the routes of its own name. */
export function httpListener(name: string, port: number): Resource {
  const manager = pack(HttpConnectionManager, {
    statPrefix: name,
    rds: { configSource: adsSource, routeConfigName: name },
    httpFilters: [{ name: 'envoy.filters.http.router', typedConfig: pack(Router, {}) }],
  });
  return listenerResource({
    name,
    address: tcpAddress('127.0.0.1', port),
    filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }] }],
  });
}

/** Routes that send everything to one cluster. */
export function routes(name: string, cluster: string): Resource {
  const route = { match: { prefix: '/' }, route: { cluster } };
  return routesResource({ name, virtualHosts: [{ name, domains: ['*'], routes: [route] }] });
}
