/** The type URLs of the resources that this package knows, and the order in which an ADS stream sends them. */
import { Cluster } from './envoy/cluster.ts';
import { ClusterLoadAssignment } from './envoy/endpoint.ts';
import { Listener } from './envoy/listener.ts';
import { RouteConfiguration } from './envoy/route.ts';
import { typeUrlOf } from './proto/schema.ts';

export const clusterType = typeUrlOf(Cluster);
export const endpointType = typeUrlOf(ClusterLoadAssignment);
export const listenerType = typeUrlOf(Listener);
export const routeType = typeUrlOf(RouteConfiguration);

/**
 * Additions are sent in this order, so that a resource arrives after those that it names. Removals are sent in reverse:
 * a resource goes after those that name it.
 */
export const sendOrder: readonly string[] = [clusterType, endpointType, listenerType, routeType];

/** Types whose resources a client asks for because one of another type names them, and that other type. */
export const parentTypes: ReadonlyMap<string, string> = new Map([
  [endpointType, clusterType],
  [routeType, listenerType],
]);

/**
 * True for the types whose state-of-the-world responses list everything, so that absence means removal, and whose first
 * request without names is a wildcard subscription.
 */
export function isFullState(typeUrl: string): boolean {
  return typeUrl === listenerType || typeUrl === clusterType;
}
