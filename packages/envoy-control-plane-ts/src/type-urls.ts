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
 * Additions go in this order, so that whatever a resource names is there before it. Withdrawals go the other way
 * about: what refers to a resource goes before the resource.
 */
export const sendOrder: readonly string[] = [clusterType, endpointType, listenerType, routeType];

/** Types whose resources a client asks for because one of another type names them, and that other type. */
export const parentTypes: ReadonlyMap<string, string> = new Map([
  [endpointType, clusterType],
  [routeType, listenerType],
]);

/**
 * True for the types whose state-of-the-world responses list everything, so that what is absent is deleted, and whose
 * first request without names means all of them.
 */
export function isFullState(typeUrl: string): boolean {
  return typeUrl === listenerType || typeUrl === clusterType;
}
