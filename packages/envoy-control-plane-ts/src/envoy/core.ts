/** Envoy's shared messages (envoy/config/core/v3, envoy/type/v3), as far as this package uses them. */
import {
  Any,
  bool,
  double,
  duration,
  enumeration,
  many,
  message,
  one,
  string,
  uint32,
  uint32Value,
  type ValueOf,
} from '../proto/schema.ts';

export const SocketProtocol = enumeration('envoy.config.core.v3.SocketAddress.Protocol', { TCP: 0, UDP: 1 });

export const SocketAddress = message(
  'envoy.config.core.v3.SocketAddress',
  {
    protocol: one(1, SocketProtocol),
    address: one(2, string, { minLen: 1 }),
    portValue: one(3, uint32, { lte: 65535, oneof: 'port_specifier' }),
    namedPort: one(4, string, { oneof: 'port_specifier' }),
    ipv4Compat: one(6, bool),
  },
  ['port_specifier'],
);
export type SocketAddress = ValueOf<typeof SocketAddress>;

export const Pipe = message('envoy.config.core.v3.Pipe', {
  path: one(1, string, { minLen: 1 }),
  mode: one(2, uint32, { lte: 511 }),
});

export const Address = message(
  'envoy.config.core.v3.Address',
  { socketAddress: one(1, SocketAddress, { oneof: 'address' }), pipe: one(2, Pipe, { oneof: 'address' }) },
  ['address'],
);
export type Address = ValueOf<typeof Address>;

export const CidrRange = message('envoy.config.core.v3.CidrRange', {
  addressPrefix: one(1, string, { minLen: 1 }),
  prefixLen: one(2, uint32Value, { lte: 128 }),
});
export type CidrRange = ValueOf<typeof CidrRange>;

/** A TCP address. */
export function tcpAddress(address: string, port: number): Address {
  return { socketAddress: { protocol: 'TCP', address, portValue: port } };
}

export const Locality = message('envoy.config.core.v3.Locality', {
  region: one(1, string),
  zone: one(2, string),
  subZone: one(3, string),
});
export type Locality = ValueOf<typeof Locality>;

/** Identity of a client; sent in the first request of a stream only. */
export const Node = message('envoy.config.core.v3.Node', {
  id: one(1, string),
  cluster: one(2, string),
  locality: one(4, Locality),
  userAgentName: one(6, string),
  userAgentVersion: one(7, string, { oneof: 'user_agent_version_type' }),
  clientFeatures: many(10, string),
});
export type Node = ValueOf<typeof Node>;

export const ControlPlane = message('envoy.config.core.v3.ControlPlane', { identifier: one(1, string) });

export const ApiVersion = enumeration('envoy.config.core.v3.ApiVersion', { AUTO: 0, V2: 1, V3: 2 });

export const AggregatedConfigSource = message('envoy.config.core.v3.AggregatedConfigSource', {});
export const SelfConfigSource = message('envoy.config.core.v3.SelfConfigSource', {
  transportApiVersion: one(1, ApiVersion),
});

export const ConfigSource = message(
  'envoy.config.core.v3.ConfigSource',
  {
    ads: one(3, AggregatedConfigSource, { oneof: 'config_source_specifier' }),
    initialFetchTimeout: one(4, duration),
    self: one(5, SelfConfigSource, { oneof: 'config_source_specifier' }),
    resourceApiVersion: one(6, ApiVersion),
  },
  ['config_source_specifier'],
);
export type ConfigSource = ValueOf<typeof ConfigSource>;

/** The config source of everything that comes over the same ADS stream. */
export const adsSource: ConfigSource = { ads: {}, resourceApiVersion: 'V3' };

export const HealthStatus = enumeration('envoy.config.core.v3.HealthStatus', {
  UNKNOWN: 0,
  HEALTHY: 1,
  UNHEALTHY: 2,
  DRAINING: 3,
  TIMEOUT: 4,
  DEGRADED: 5,
});
export type HealthStatus = ValueOf<typeof HealthStatus>;

export const TrafficDirection = enumeration('envoy.config.core.v3.TrafficDirection', {
  UNSPECIFIED: 0,
  INBOUND: 1,
  OUTBOUND: 2,
});

export const RoutingPriority = enumeration('envoy.config.core.v3.RoutingPriority', { DEFAULT: 0, HIGH: 1 });

export const Percent = message('envoy.type.v3.Percent', { value: one(1, double, { gte: 0, lte: 100 }) });

export const TcpKeepalive = message('envoy.config.core.v3.TcpKeepalive', {
  keepaliveProbes: one(1, uint32Value),
  keepaliveTime: one(2, uint32Value),
  keepaliveInterval: one(3, uint32Value),
});

export const TransportSocket = message('envoy.config.core.v3.TransportSocket', {
  name: one(1, string, { minLen: 1 }),
  typedConfig: one(3, Any, { oneof: 'config_type' }),
});

export const Http1ProtocolOptions = message('envoy.config.core.v3.Http1ProtocolOptions', {
  acceptHttp10: one(2, bool),
  defaultHostForHttp10: one(3, string),
});

export const Http2ProtocolOptions = message('envoy.config.core.v3.Http2ProtocolOptions', {
  maxConcurrentStreams: one(2, uint32Value, { gte: 1, lte: 2147483647 }),
  allowConnect: one(5, bool),
});

export const HttpProtocolOptions = message('envoy.config.core.v3.HttpProtocolOptions', {
  idleTimeout: one(1, duration),
  maxHeadersCount: one(2, uint32Value, { gte: 1 }),
  maxConnectionDuration: one(3, duration),
  maxStreamDuration: one(4, duration),
  maxRequestsPerConnection: one(6, uint32Value),
});

export const HeaderValue = message('envoy.config.core.v3.HeaderValue', {
  key: one(1, string, { minLen: 1 }),
  value: one(2, string),
});

export const BackoffStrategy = message('envoy.config.core.v3.BackoffStrategy', {
  baseInterval: one(1, duration, { required: true, gte: 0 }),
  maxInterval: one(2, duration, { gt: 0 }),
});

/** Attempts of calls that Envoy makes itself; those of a route's requests are in route.ts. */
export const CallRetryPolicy = message('envoy.config.core.v3.RetryPolicy', {
  retryBackOff: one(1, BackoffStrategy),
  numRetries: one(2, uint32Value),
  retryOn: one(3, string),
});

export const EnvoyGrpc = message('envoy.config.core.v3.GrpcService.EnvoyGrpc', {
  clusterName: one(1, string, { minLen: 1 }),
});

/** A gRPC service that Envoy calls. */
export const GrpcService = message(
  'envoy.config.core.v3.GrpcService',
  {
    envoyGrpc: one(1, EnvoyGrpc, { oneof: 'target_specifier' }),
    timeout: one(3, duration),
    initialMetadata: many(5, HeaderValue),
    retryPolicy: one(6, CallRetryPolicy),
  },
  ['target_specifier'],
);
export type GrpcService = ValueOf<typeof GrpcService>;
