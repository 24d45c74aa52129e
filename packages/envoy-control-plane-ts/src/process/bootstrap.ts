/** The bootstrap configuration of an Envoy that takes everything else over one ADS stream. */

import { type AdsTls, adsTransportSocket } from './tls.ts';

export interface BootstrapOptions {
  /** Address of the ADS server: host:port, or unix:/path for a Unix socket. */
  readonly xdsAddress: string;
  /** TLS to the ADS server; clear text if absent, as over a Unix socket. */
  readonly xdsTls?: AdsTls;
  readonly nodeId: string;
  /** Envoy's node.cluster: a name that Envoys with the same task share. */
  readonly nodeCluster?: string;
  /** Zone of this Envoy, for balancing by locality. */
  readonly zone?: string;
  /**
   * Path of the Unix socket of Envoy's admin interface, which Envoy makes for its own user alone: whoever reaches the
   * interface can end Envoy. 107 bytes at most.
   */
  readonly adminSocket: string;
  /** Variant of xDS that Envoy asks for. */
  readonly protocol?: 'sotw' | 'delta';
  /** Connections from clients at a time, beyond which new ones are refused. 50,000 where absent. */
  readonly maxConnections?: number;
  /** Statistics that Envoy sends to the ADS server's metrics service; none where absent. */
  readonly metrics?: MetricsSinkOptions;
}

/** Statistics for the metrics service, and their pace. */
export interface MetricsSinkOptions {
  readonly flushIntervalMs: number;
  /** Regular expressions (RE2) of the full names of statistics to keep. Envoy keeps and sends no others. */
  readonly keep: readonly string[];
  /** Upper bounds of the buckets of histograms, rising. */
  readonly histogramBounds: readonly number[];
}

/** Name of the static cluster that leads to the ADS server. */
export const xdsClusterName = 'xds_cluster';

/** The bootstrap as a plain object in the JSON form that Envoy reads. @throws Error where an address is wrong. */
export function bootstrap(options: BootstrapOptions): object {
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' };
  return {
    node: {
      id: options.nodeId,
      cluster: options.nodeCluster ?? 'envoy',
      ...(options.zone ? { locality: { zone: options.zone } } : {}),
    },
    admin: { address: { pipe: { path: options.adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: options.protocol === 'sotw' ? 'GRPC' : 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: xdsClusterName, retry_policy: reconnecting } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [xdsCluster(options.xdsAddress, options.xdsTls)] },
    overload_manager: connectionLimit(options.maxConnections ?? 50_000),
    ...(options.metrics === undefined ? {} : metricsSink(options.metrics)),
  };
}

/** Envoy's own waits grow to half a minute, in which a control plane that is back has nobody to tell anything. */
const reconnecting = { retry_back_off: { base_interval: '0.2s', max_interval: '2s' } };

/** Counters and histograms are sent as what came since the flush before, so that a restart of Envoy needs no care. */
function metricsSink({ flushIntervalMs, keep, histogramBounds }: MetricsSinkOptions): object {
  return {
    stats_flush_interval: `${flushIntervalMs / 1000}s`,
    stats_config: {
      stats_matcher: { inclusion_list: { patterns: keep.map((regex) => ({ safe_regex: { regex } })) } },
      histogram_bucket_settings: [{ match: { suffix: '_time' }, buckets: histogramBounds }],
    },
    stats_sinks: [
      {
        name: 'envoy.stat_sinks.metrics_service',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig',
          transport_api_version: 'V3',
          grpc_service: { envoy_grpc: { cluster_name: xdsClusterName } },
          report_counters_as_deltas: true,
          histogram_emit_mode: 'HISTOGRAM',
        },
      },
    ],
  };
}

/** Calls that wait for an answer, of the authorization service, are many where clients are; Envoy's default would be 1,024, and 3 that are repeated. */
const waitingCalls = { max_requests: 65_536, max_pending_requests: 65_536, max_retries: 65_536 };

function xdsCluster(address: string, tls: AdsTls | undefined): object {
  const path = address.startsWith('unix:') ? address.slice('unix:'.length) : undefined;
  const endpoint = path === undefined ? socketAddress(...splitAddress(address)) : { pipe: { path } };
  return {
    name: xdsClusterName,
    type: path === undefined ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: { thresholds: [waitingCalls] },
    ...(tls === undefined ? {} : { transport_socket: adsTransportSocket(tls) }),
    load_assignment: {
      cluster_name: xdsClusterName,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: endpoint } }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          // Pings find a control plane that vanished without closing the connection.
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } },
        },
      },
    },
  };
}

function connectionLimit(maxConnections: number): object {
  return {
    resource_monitors: [
      {
        name: 'envoy.resource_monitors.global_downstream_max_connections',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
          max_active_downstream_connections: maxConnections,
        },
      },
    ],
  };
}

function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}

/** Splits host:port, where an IPv6 host stands in brackets. */
function splitAddress(address: string): [string, number] {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    throw new Error(`xdsAddress: must be host:port, is ${JSON.stringify(address)}`);
  }
  return [match[1] ?? match[2]!, port];
}
