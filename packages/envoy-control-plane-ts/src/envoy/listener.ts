/** Listeners (LDS) and the filters that they carry: envoy/config/listener/v3, HTTP connection manager, TCP proxy. */
import {
  Any,
  bool,
  boolValue,
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
import {
  Address,
  CidrRange,
  ConfigSource,
  Http1ProtocolOptions,
  HttpProtocolOptions,
  TrafficDirection,
  TransportSocket,
} from './core.ts';
import { RouteConfiguration } from './route.ts';

export const Filter = message('envoy.config.listener.v3.Filter', {
  name: one(1, string, { minLen: 1 }),
  typedConfig: one(4, Any, { oneof: 'config_type' }),
});

export const FilterChainMatch = message('envoy.config.listener.v3.FilterChainMatch', {
  sourcePrefixRanges: many(6, CidrRange),
  destinationPort: one(8, uint32Value, { gte: 1, lte: 65535 }),
  transportProtocol: one(9, string),
  applicationProtocols: many(10, string),
  serverNames: many(11, string),
});

export const FilterChain = message('envoy.config.listener.v3.FilterChain', {
  filterChainMatch: one(1, FilterChainMatch),
  filters: many(3, Filter),
  transportSocket: one(6, TransportSocket),
  name: one(7, string),
});

export const ListenerFilter = message('envoy.config.listener.v3.ListenerFilter', {
  name: one(1, string, { minLen: 1 }),
  typedConfig: one(3, Any, { oneof: 'config_type' }),
});

/** The part of a listener that a proxyless gRPC client reads: an HttpConnectionManager. */
export const ApiListener = message('envoy.config.listener.v3.ApiListener', { apiListener: one(1, Any) });

/** A socket that Envoy accepts connections on, or an API listener for gRPC clients. */
export const Listener = message('envoy.config.listener.v3.Listener', {
  name: one(1, string),
  address: one(2, Address),
  filterChains: many(3, FilterChain),
  perConnectionBufferLimitBytes: one(5, uint32Value),
  listenerFilters: many(9, ListenerFilter),
  freebind: one(11, boolValue),
  trafficDirection: one(16, TrafficDirection),
  apiListener: one(19, ApiListener),
  defaultFilterChain: one(25, FilterChain),
  statPrefix: one(28, string),
  enableReusePort: one(29, boolValue),
});
export type Listener = ValueOf<typeof Listener>;

export const Rds = message('envoy.extensions.filters.network.http_connection_manager.v3.Rds', {
  configSource: one(1, ConfigSource, { required: true }),
  routeConfigName: one(2, string),
});

export const HttpFilter = message('envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter', {
  name: one(1, string, { minLen: 1 }),
  typedConfig: one(4, Any, { oneof: 'config_type' }),
  isOptional: one(6, bool),
});

export const HcmUpgradeConfig = message(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig',
  { upgradeType: one(1, string), enabled: one(3, boolValue) },
);

export const CodecType = enumeration(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType',
  { AUTO: 0, HTTP1: 1, HTTP2: 2, HTTP3: 3 },
);

export const ServerHeaderTransformation = enumeration(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ServerHeaderTransformation',
  { OVERWRITE: 0, APPEND_IF_ABSENT: 1, PASS_THROUGH: 2 },
);

/** The network filter that speaks HTTP and routes requests. */
export const HttpConnectionManager = message(
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  {
    codecType: one(1, CodecType),
    statPrefix: one(2, string, { minLen: 1 }),
    rds: one(3, Rds, { oneof: 'route_specifier' }),
    routeConfig: one(4, RouteConfiguration, { oneof: 'route_specifier' }),
    httpFilters: many(5, HttpFilter),
    httpProtocolOptions: one(8, Http1ProtocolOptions),
    drainTimeout: one(12, duration),
    useRemoteAddress: one(14, boolValue),
    generateRequestId: one(15, boolValue),
    xffNumTrustedHops: one(19, uint32),
    upgradeConfigs: many(23, HcmUpgradeConfig),
    streamIdleTimeout: one(24, duration),
    requestTimeout: one(28, duration),
    normalizePath: one(30, boolValue),
    mergeSlashes: one(33, bool),
    serverHeaderTransformation: one(34, ServerHeaderTransformation),
    commonHttpProtocolOptions: one(35, HttpProtocolOptions),
    requestHeadersTimeout: one(41, duration, { gte: 0 }),
  },
  ['route_specifier'],
);
export type HttpConnectionManager = ValueOf<typeof HttpConnectionManager>;

/** The last HTTP filter of a chain: forwards the request. */
export const Router = message('envoy.extensions.filters.http.router.v3.Router', { suppressEnvoyHeaders: one(4, bool) });

/** An HTTP filter that counts the status of gRPC calls, which is in trailers. */
export const GrpcStats = message('envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', {
  statsForAllMethods: one(3, boolValue, { oneof: 'per_method_stat_specifier' }),
});

export const TcpHashPolicySourceIp = message('envoy.type.v3.HashPolicy.SourceIp', {});
export const TcpHashPolicy = message(
  'envoy.type.v3.HashPolicy',
  { sourceIp: one(1, TcpHashPolicySourceIp, { oneof: 'policy_specifier' }) },
  ['policy_specifier'],
);

export const TcpClusterWeight = message(
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight',
  { name: one(1, string, { minLen: 1 }), weight: one(2, uint32, { gte: 1 }) },
);

export const TcpWeightedCluster = message('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster', {
  clusters: many(1, TcpClusterWeight, { minItems: 1 }),
});

/** The network filter that forwards a TCP connection to a cluster. */
export const TcpProxy = message(
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  {
    statPrefix: one(1, string, { minLen: 1 }),
    cluster: one(2, string, { oneof: 'cluster_specifier' }),
    maxConnectAttempts: one(7, uint32Value, { gte: 1 }),
    idleTimeout: one(8, duration),
    weightedClusters: one(10, TcpWeightedCluster, { oneof: 'cluster_specifier' }),
    hashPolicy: many(11, TcpHashPolicy),
  },
  ['cluster_specifier'],
);
export type TcpProxy = ValueOf<typeof TcpProxy>;
