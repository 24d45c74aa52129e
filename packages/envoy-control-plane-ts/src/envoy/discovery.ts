/** The xDS transport: envoy/service/discovery/v3, and google.rpc.Status that a NACK carries. */
import { Any, int32, many, map, message, one, string, type ValueOf } from '../proto/schema.ts';
import { ControlPlane, Node } from './core.ts';

/** The error of a NACK. */
export const RpcStatus = message('google.rpc.Status', { code: one(1, int32), message: one(2, string) });
export type RpcStatus = ValueOf<typeof RpcStatus>;

/** A state-of-the-world subscription, ACK or NACK. */
export const DiscoveryRequest = message('envoy.service.discovery.v3.DiscoveryRequest', {
  versionInfo: one(1, string),
  node: one(2, Node),
  resourceNames: many(3, string),
  typeUrl: one(4, string),
  responseNonce: one(5, string),
  errorDetail: one(6, RpcStatus),
});
export type DiscoveryRequest = ValueOf<typeof DiscoveryRequest>;

/** State-of-the-world: all (LDS, CDS) or some (others) of the subscribed resources. */
export const DiscoveryResponse = message('envoy.service.discovery.v3.DiscoveryResponse', {
  versionInfo: one(1, string),
  resources: many(2, Any),
  typeUrl: one(4, string),
  nonce: one(5, string),
  controlPlane: one(6, ControlPlane),
});
export type DiscoveryResponse = ValueOf<typeof DiscoveryResponse>;

/** A change of a delta subscription, an ACK or a NACK. */
export const DeltaDiscoveryRequest = message('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
  node: one(1, Node),
  typeUrl: one(2, string),
  resourceNamesSubscribe: many(3, string),
  resourceNamesUnsubscribe: many(4, string),
  initialResourceVersions: map(5, string),
  responseNonce: one(6, string),
  errorDetail: one(7, RpcStatus),
});
export type DeltaDiscoveryRequest = ValueOf<typeof DeltaDiscoveryRequest>;

/** One resource with its own version. */
export const DeltaResource = message('envoy.service.discovery.v3.Resource', {
  version: one(1, string),
  resource: one(2, Any),
  name: one(3, string),
});

/** Delta: what changed. */
export const DeltaDiscoveryResponse = message('envoy.service.discovery.v3.DeltaDiscoveryResponse', {
  systemVersionInfo: one(1, string),
  resources: many(2, DeltaResource),
  typeUrl: one(4, string),
  nonce: one(5, string),
  removedResources: many(6, string),
  controlPlane: one(7, ControlPlane),
});
export type DeltaDiscoveryResponse = ValueOf<typeof DeltaDiscoveryResponse>;
