/** Resources: a message, encoded once, with a version that follows from its content and the resources it names. */
import { createHash } from 'node:crypto';
import { Cluster } from './envoy/cluster.ts';
import { ClusterLoadAssignment } from './envoy/endpoint.ts';
import { type Filter, HttpConnectionManager, Listener, TcpProxy } from './envoy/listener.ts';
import { RouteConfiguration } from './envoy/route.ts';
import { encode, unpack } from './proto/codec.ts';
import type { MessageType, ValueOf } from './proto/schema.ts';
import { assertValid } from './proto/validate.ts';
import { clusterType, endpointType, listenerType, routeType } from './type-urls.ts';

/** Another resource that a resource names. */
export interface Reference {
  readonly typeUrl: string;
  readonly name: string;
}

/** One resource, ready to be sent. Immutable. */
export interface Resource {
  readonly typeUrl: string;
  readonly name: string;
  /** Hash of the content: equal resources have equal versions, on every replica of a control plane. */
  readonly version: string;
  /** The encoded message. */
  readonly value: Uint8Array;
  /** Resources that must be there before this one is of use. */
  readonly references: readonly Reference[];
}

/** A cluster. @throws InvalidMessageError naming each field that Envoy would refuse. */
export function clusterResource(cluster: ValueOf<typeof Cluster>): Resource {
  const usesEds = cluster.type === 'EDS';
  const edsName = cluster.edsClusterConfig?.serviceName || (cluster.name ?? '');
  const references = usesEds ? [{ typeUrl: endpointType, name: edsName }] : [];
  return typedResource(Cluster, clusterType, cluster.name, cluster, references);
}

/** The endpoints of a cluster. @throws InvalidMessageError naming each field that Envoy would refuse. */
export function endpointsResource(assignment: ValueOf<typeof ClusterLoadAssignment>): Resource {
  return typedResource(ClusterLoadAssignment, endpointType, assignment.clusterName, assignment, []);
}

/** A route table. @throws InvalidMessageError naming each field that Envoy would refuse. */
export function routesResource(routes: ValueOf<typeof RouteConfiguration>): Resource {
  return typedResource(RouteConfiguration, routeType, routes.name, routes, clustersOfRoutes(routes));
}

/**
 * A listener. References are read from its HTTP connection managers and TCP proxies; those of other filters are
 * unknown (use `rawResource` and name them).
 * @throws InvalidMessageError naming each field that Envoy would refuse.
 */
export function listenerResource(listener: ValueOf<typeof Listener>): Resource {
  const chains = [
    ...(listener.filterChains ?? []),
    ...(listener.defaultFilterChain ? [listener.defaultFilterChain] : []),
  ];
  const configs = chains.flatMap((chain) => chain.filters ?? []).map((filter) => filter.typedConfig);
  const references = [...configs, listener.apiListener?.apiListener].flatMap(referencesOfFilter);
  return typedResource(Listener, listenerType, listener.name, listener, references);
}

/** A resource of a type that this package does not declare, already encoded by the caller; nothing of it is checked. */
export function rawResource(resource: Omit<Resource, 'version'>): Resource {
  return { ...resource, version: contentHash(resource.value) };
}

/** A short hash of bytes or text; 64 bits, enough to tell versions of one resource apart. */
export function contentHash(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function typedResource<T extends MessageType>(
  type: T,
  typeUrl: string,
  name: string | undefined,
  message: ValueOf<T>,
  references: readonly Reference[],
): Resource {
  assertValid(type, message);
  if (!name) throw new Error(`a ${type.name} needs a name`);
  const value = encode(type, message);
  return { typeUrl, name, version: contentHash(value), value, references: distinct(references) };
}

function referencesOfFilter(config: ValueOf<typeof Filter>['typedConfig']): readonly Reference[] {
  const manager = unpack(HttpConnectionManager, config);
  if (manager?.rds) return [{ typeUrl: routeType, name: manager.rds.routeConfigName ?? '' }];
  if (manager?.routeConfig) return clustersOfRoutes(manager.routeConfig);
  const proxy = unpack(TcpProxy, config);
  if (proxy === undefined) return [];
  const weighted = (proxy.weightedClusters?.clusters ?? []).map((cluster) => cluster.name);
  return clusterReferences([proxy.cluster, ...weighted]);
}

function clustersOfRoutes(routes: ValueOf<typeof RouteConfiguration>): Reference[] {
  const actions = (routes.virtualHosts ?? []).flatMap((host) => (host.routes ?? []).map((route) => route.route));
  return clusterReferences(
    actions.flatMap((action) => [
      action?.cluster,
      ...(action?.weightedClusters?.clusters ?? []).map((cluster) => cluster.name),
    ]),
  );
}

function clusterReferences(names: readonly (string | undefined)[]): Reference[] {
  return names.filter((name) => name !== undefined).map((name) => ({ typeUrl: clusterType, name }));
}

function distinct(references: readonly Reference[]): Reference[] {
  const byKey = new Map(references.map((reference) => [`${reference.typeUrl} ${reference.name}`, reference]));
  return [...byKey.values()];
}
