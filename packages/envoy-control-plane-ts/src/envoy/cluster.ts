/** Clusters (CDS): envoy/config/cluster/v3. */
import {
  Any,
  bool,
  duration,
  enumeration,
  many,
  map,
  message,
  one,
  string,
  uint32Value,
  uint64Value,
  type ValueOf,
} from '../proto/schema.ts';
import {
  ConfigSource,
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
  Percent,
  RoutingPriority,
  TcpKeepalive,
  TransportSocket,
} from './core.ts';
import { ClusterLoadAssignment } from './endpoint.ts';

export const DiscoveryType = enumeration('envoy.config.cluster.v3.Cluster.DiscoveryType', {
  STATIC: 0,
  STRICT_DNS: 1,
  LOGICAL_DNS: 2,
  EDS: 3,
  ORIGINAL_DST: 4,
});

export const LbPolicy = enumeration('envoy.config.cluster.v3.Cluster.LbPolicy', {
  ROUND_ROBIN: 0,
  LEAST_REQUEST: 1,
  RING_HASH: 2,
  RANDOM: 3,
  MAGLEV: 5,
});

export const EdsClusterConfig = message('envoy.config.cluster.v3.Cluster.EdsClusterConfig', {
  edsConfig: one(1, ConfigSource),
  serviceName: one(2, string),
});

export const RingHashLbConfig = message('envoy.config.cluster.v3.Cluster.RingHashLbConfig', {
  minimumRingSize: one(1, uint64Value, { lte: 8388608 }),
  maximumRingSize: one(4, uint64Value, { lte: 8388608 }),
});

export const LeastRequestLbConfig = message('envoy.config.cluster.v3.Cluster.LeastRequestLbConfig', {
  choiceCount: one(1, uint32Value, { gte: 2 }),
});

export const LocalityWeightedLbConfig = message(
  'envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig',
  {},
);

export const CommonLbConfig = message('envoy.config.cluster.v3.Cluster.CommonLbConfig', {
  healthyPanicThreshold: one(1, Percent),
  localityWeightedLbConfig: one(3, LocalityWeightedLbConfig, { oneof: 'locality_config_specifier' }),
  updateMergeWindow: one(4, duration),
});

export const RetryBudget = message('envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget', {
  budgetPercent: one(1, Percent),
  minRetryConcurrency: one(2, uint32Value),
});

export const CircuitBreakerThresholds = message('envoy.config.cluster.v3.CircuitBreakers.Thresholds', {
  priority: one(1, RoutingPriority),
  maxConnections: one(2, uint32Value),
  maxPendingRequests: one(3, uint32Value),
  maxRequests: one(4, uint32Value),
  maxRetries: one(5, uint32Value),
  trackRemaining: one(6, bool),
  retryBudget: one(8, RetryBudget),
});

export const CircuitBreakers = message('envoy.config.cluster.v3.CircuitBreakers', {
  thresholds: many(1, CircuitBreakerThresholds),
});

export const OutlierDetection = message('envoy.config.cluster.v3.OutlierDetection', {
  consecutive5xx: one(1, uint32Value),
  interval: one(2, duration, { gt: 0 }),
  baseEjectionTime: one(3, duration, { gt: 0 }),
  maxEjectionPercent: one(4, uint32Value, { lte: 100 }),
  enforcingConsecutive5xx: one(5, uint32Value, { lte: 100 }),
  enforcingSuccessRate: one(6, uint32Value, { lte: 100 }),
  consecutiveGatewayFailure: one(10, uint32Value),
  enforcingConsecutiveGatewayFailure: one(11, uint32Value, { lte: 100 }),
  splitExternalLocalOriginErrors: one(12, bool),
  consecutiveLocalOriginFailure: one(13, uint32Value),
  enforcingConsecutiveLocalOriginFailure: one(14, uint32Value, { lte: 100 }),
  enforcingLocalOriginSuccessRate: one(15, uint32Value, { lte: 100 }),
  maxEjectionTime: one(21, duration, { gt: 0 }),
});

export const UpstreamConnectionOptions = message('envoy.config.cluster.v3.UpstreamConnectionOptions', {
  tcpKeepalive: one(1, TcpKeepalive),
});

/** A group of endpoints that are load balanced over. */
export const Cluster = message('envoy.config.cluster.v3.Cluster', {
  name: one(1, string, { minLen: 1 }),
  type: one(2, DiscoveryType, { oneof: 'cluster_discovery_type' }),
  edsClusterConfig: one(3, EdsClusterConfig),
  connectTimeout: one(4, duration, { gt: 0 }),
  perConnectionBufferLimitBytes: one(5, uint32Value),
  lbPolicy: one(6, LbPolicy),
  circuitBreakers: one(10, CircuitBreakers),
  outlierDetection: one(19, OutlierDetection),
  ringHashLbConfig: one(23, RingHashLbConfig, { oneof: 'lb_config' }),
  transportSocket: one(24, TransportSocket),
  commonLbConfig: one(27, CommonLbConfig),
  altStatName: one(28, string),
  upstreamConnectionOptions: one(30, UpstreamConnectionOptions),
  closeConnectionsOnHostHealthFailure: one(31, bool),
  ignoreHealthOnHostRemoval: one(32, bool),
  loadAssignment: one(33, ClusterLoadAssignment),
  typedExtensionProtocolOptions: map(36, Any),
  leastRequestLbConfig: one(37, LeastRequestLbConfig, { oneof: 'lb_config' }),
});
export type Cluster = ValueOf<typeof Cluster>;

export const ExplicitHttpConfig = message(
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig',
  {
    httpProtocolOptions: one(1, Http1ProtocolOptions, { oneof: 'protocol_config' }),
    http2ProtocolOptions: one(2, Http2ProtocolOptions, { oneof: 'protocol_config' }),
  },
  ['protocol_config'],
);

export const UseDownstreamHttpConfig = message(
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig',
  {
    httpProtocolOptions: one(1, Http1ProtocolOptions),
    http2ProtocolOptions: one(2, Http2ProtocolOptions),
  },
);

/** HTTP settings of a cluster; goes into typedExtensionProtocolOptions under `upstreamHttpOptionsKey`. */
export const UpstreamHttpOptions = message(
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  {
    commonHttpProtocolOptions: one(1, HttpProtocolOptions),
    explicitHttpConfig: one(3, ExplicitHttpConfig, { oneof: 'upstream_protocol_options' }),
    useDownstreamProtocolConfig: one(4, UseDownstreamHttpConfig, { oneof: 'upstream_protocol_options' }),
  },
  ['upstream_protocol_options'],
);

/** The name by which Envoy looks for UpstreamHttpOptions. */
export const upstreamHttpOptionsKey = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
