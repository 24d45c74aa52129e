/** Endpoints (EDS): envoy/config/endpoint/v3. */
import { bool, many, map, message, one, string, uint32, uint32Value, type ValueOf } from '../proto/schema.ts';
import { Address, HealthStatus, Locality } from './core.ts';

export const Endpoint = message('envoy.config.endpoint.v3.Endpoint', {
  address: one(1, Address),
  hostname: one(3, string),
});

export const LbEndpoint = message('envoy.config.endpoint.v3.LbEndpoint', {
  endpoint: one(1, Endpoint, { oneof: 'host_identifier' }),
  healthStatus: one(2, HealthStatus),
  loadBalancingWeight: one(4, uint32Value, { gte: 1 }),
  endpointName: one(5, string, { oneof: 'host_identifier' }),
});
export type LbEndpoint = ValueOf<typeof LbEndpoint>;

export const LocalityLbEndpoints = message('envoy.config.endpoint.v3.LocalityLbEndpoints', {
  locality: one(1, Locality),
  lbEndpoints: many(2, LbEndpoint),
  loadBalancingWeight: one(3, uint32Value, { gte: 1 }),
  priority: one(5, uint32, { lte: 128 }),
});
export type LocalityLbEndpoints = ValueOf<typeof LocalityLbEndpoints>;

export const LoadAssignmentPolicy = message('envoy.config.endpoint.v3.ClusterLoadAssignment.Policy', {
  overprovisioningFactor: one(3, uint32Value, { gt: 0 }),
  weightedPriorityHealth: one(6, bool),
});

/** The endpoints of one cluster. */
export const ClusterLoadAssignment = message('envoy.config.endpoint.v3.ClusterLoadAssignment', {
  clusterName: one(1, string, { minLen: 1 }),
  endpoints: many(2, LocalityLbEndpoints),
  policy: one(4, LoadAssignmentPolicy),
  namedEndpoints: map(5, Endpoint),
});
export type ClusterLoadAssignment = ValueOf<typeof ClusterLoadAssignment>;
