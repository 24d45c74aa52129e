/** Routes (RDS): envoy/config/route/v3. */
import {
  Any,
  bool,
  boolValue,
  duration,
  int64,
  many,
  message,
  one,
  string,
  uint32,
  uint32Value,
  type ValueOf,
} from '../proto/schema.ts';

export const RegexMatcher = message('envoy.type.matcher.v3.RegexMatcher', { regex: one(2, string, { minLen: 1 }) });

export const StringMatcher = message(
  'envoy.type.matcher.v3.StringMatcher',
  {
    exact: one(1, string, { oneof: 'match_pattern' }),
    prefix: one(2, string, { minLen: 1, oneof: 'match_pattern' }),
    suffix: one(3, string, { minLen: 1, oneof: 'match_pattern' }),
    safeRegex: one(5, RegexMatcher, { required: true, oneof: 'match_pattern' }),
    ignoreCase: one(6, bool),
    contains: one(7, string, { minLen: 1, oneof: 'match_pattern' }),
  },
  ['match_pattern'],
);

export const HeaderMatcher = message('envoy.config.route.v3.HeaderMatcher', {
  name: one(1, string, { minLen: 1 }),
  presentMatch: one(7, bool, { oneof: 'header_match_specifier' }),
  invertMatch: one(8, bool),
  stringMatch: one(13, StringMatcher, { oneof: 'header_match_specifier' }),
});

export const RouteMatch = message(
  'envoy.config.route.v3.RouteMatch',
  {
    prefix: one(1, string, { oneof: 'path_specifier' }),
    path: one(2, string, { oneof: 'path_specifier' }),
    caseSensitive: one(4, boolValue),
    headers: many(6, HeaderMatcher),
    safeRegex: one(10, RegexMatcher, { required: true, oneof: 'path_specifier' }),
    pathSeparatedPrefix: one(14, string, { oneof: 'path_specifier' }),
  },
  ['path_specifier'],
);

export const RetryHostPredicate = message('envoy.config.route.v3.RetryPolicy.RetryHostPredicate', {
  name: one(1, string, { minLen: 1 }),
  typedConfig: one(3, Any, { oneof: 'config_type' }),
});

export const RetryBackOff = message('envoy.config.route.v3.RetryPolicy.RetryBackOff', {
  baseInterval: one(1, duration, { required: true, gt: 0 }),
  maxInterval: one(2, duration, { gt: 0 }),
});

export const RetryPolicy = message('envoy.config.route.v3.RetryPolicy', {
  retryOn: one(1, string),
  numRetries: one(2, uint32Value),
  perTryTimeout: one(3, duration),
  retryHostPredicate: many(5, RetryHostPredicate),
  hostSelectionRetryMaxAttempts: one(6, int64),
  retriableStatusCodes: many(7, uint32),
  retryBackOff: one(8, RetryBackOff),
});

/** Makes a retry avoid the hosts that were tried before. */
export const PreviousHostsPredicate = message(
  'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  {},
);

export const HashPolicyHeader = message('envoy.config.route.v3.RouteAction.HashPolicy.Header', {
  headerName: one(1, string, { minLen: 1 }),
});

export const HashPolicyConnectionProperties = message(
  'envoy.config.route.v3.RouteAction.HashPolicy.ConnectionProperties',
  { sourceIp: one(1, bool) },
);

export const HashPolicyFilterState = message('envoy.config.route.v3.RouteAction.HashPolicy.FilterState', {
  key: one(1, string, { minLen: 1 }),
});

export const HashPolicy = message(
  'envoy.config.route.v3.RouteAction.HashPolicy',
  {
    header: one(1, HashPolicyHeader, { oneof: 'policy_specifier' }),
    connectionProperties: one(3, HashPolicyConnectionProperties, { oneof: 'policy_specifier' }),
    terminal: one(4, bool),
    filterState: one(6, HashPolicyFilterState, { oneof: 'policy_specifier' }),
  },
  ['policy_specifier'],
);

export const UpgradeConfig = message('envoy.config.route.v3.RouteAction.UpgradeConfig', {
  upgradeType: one(1, string, { minLen: 1 }),
  enabled: one(2, boolValue),
});

export const ClusterWeight = message('envoy.config.route.v3.WeightedCluster.ClusterWeight', {
  name: one(1, string),
  weight: one(2, uint32Value),
});

export const WeightedCluster = message('envoy.config.route.v3.WeightedCluster', {
  clusters: many(1, ClusterWeight, { minItems: 1 }),
  /** Envoy 1.36 and newer; older ones choose at random. */
  useHashPolicy: one(5, boolValue, { oneof: 'random_value_specifier' }),
});

export const MaxStreamDuration = message('envoy.config.route.v3.RouteAction.MaxStreamDuration', {
  maxStreamDuration: one(1, duration),
  grpcTimeoutHeaderMax: one(2, duration),
});

export const RouteAction = message(
  'envoy.config.route.v3.RouteAction',
  {
    cluster: one(1, string, { minLen: 1, oneof: 'cluster_specifier' }),
    weightedClusters: one(3, WeightedCluster, { oneof: 'cluster_specifier' }),
    prefixRewrite: one(5, string),
    timeout: one(8, duration),
    retryPolicy: one(9, RetryPolicy),
    hashPolicy: many(15, HashPolicy),
    idleTimeout: one(24, duration),
    upgradeConfigs: many(25, UpgradeConfig),
    maxStreamDuration: one(36, MaxStreamDuration),
  },
  ['cluster_specifier'],
);

export const RedirectAction = message('envoy.config.route.v3.RedirectAction', {
  hostRedirect: one(1, string),
  pathRedirect: one(2, string, { oneof: 'path_rewrite_specifier' }),
  httpsRedirect: one(4, bool, { oneof: 'scheme_rewrite_specifier' }),
});

export const DirectResponseAction = message('envoy.config.route.v3.DirectResponseAction', {
  status: one(1, uint32, { gte: 200, lte: 599 }),
});

/** The action of routes in gRPC servers, which forward nothing. */
export const NonForwardingAction = message('envoy.config.route.v3.NonForwardingAction', {});

export const Route = message(
  'envoy.config.route.v3.Route',
  {
    match: one(1, RouteMatch, { required: true }),
    route: one(2, RouteAction, { oneof: 'action' }),
    redirect: one(3, RedirectAction, { oneof: 'action' }),
    directResponse: one(7, DirectResponseAction, { oneof: 'action' }),
    name: one(14, string),
    nonForwardingAction: one(18, NonForwardingAction, { oneof: 'action' }),
    /** Envoy counts the route under this name where there is one. */
    statPrefix: one(19, string),
  },
  ['action'],
);
export type Route = ValueOf<typeof Route>;

export const GenericKey = message('envoy.config.route.v3.RateLimit.Action.GenericKey', {
  descriptorValue: one(1, string, { minLen: 1 }),
  descriptorKey: one(2, string),
});

export const RateLimitAction = message(
  'envoy.config.route.v3.RateLimit.Action',
  { genericKey: one(5, GenericKey, { oneof: 'action_specifier' }) },
  ['action_specifier'],
);

/** Makes the rate limit filter ask about requests, by the entries of one descriptor. */
export const RateLimit = message('envoy.config.route.v3.RateLimit', {
  actions: many(3, RateLimitAction, { minItems: 1 }),
});

export const VirtualHost = message('envoy.config.route.v3.VirtualHost', {
  name: one(1, string, { minLen: 1 }),
  domains: many(2, string, { minItems: 1 }),
  routes: many(3, Route),
  includeRequestAttemptCount: one(14, bool),
  retryPolicy: one(16, RetryPolicy),
  rateLimits: many(6, RateLimit),
});

/** A named table of routes. */
export const RouteConfiguration = message('envoy.config.route.v3.RouteConfiguration', {
  name: one(1, string),
  virtualHosts: many(2, VirtualHost),
  validateClusters: one(7, boolValue),
  ignorePortInHostMatching: one(14, bool),
});
export type RouteConfiguration = ValueOf<typeof RouteConfiguration>;
