/** Listeners: sockets of Envoy, and what proxyless gRPC clients read in their place. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { ZeroSettings } from '@gantry/model/kinds/service/zero.ts';
import { adsSource, tcpAddress } from 'envoy-control-plane-ts/envoy/core.ts';
import {
  GrpcStats,
  HttpConnectionManager,
  type Listener,
  Router,
  TcpProxy,
} from 'envoy-control-plane-ts/envoy/listener.ts';
import { pack } from 'envoy-control-plane-ts/proto/codec.ts';
import { listenerResource, type Resource } from 'envoy-control-plane-ts/resource.ts';
import { parseCidr } from './cidr.ts';
import type { Claim } from './claims.ts';
import { hasAffinity } from './clusters.ts';
import { bufferBytes, httpHold, tcpHold } from './hold/doors.ts';
import type { PortProtocol } from './port-protocol.ts';

type FilterChain = NonNullable<Listener['filterChains']>[number];
type Filter = NonNullable<FilterChain['filters']>[number];

/** Endpoints that a TCP connection is tried at before the client's is closed. */
const maxConnectAttempts = 3;

/** The port of a listener. */
export interface ListenerPort extends Claim {
  readonly protocol: PortProtocol;
  /** Settings of a Service whose requests may have to wait for a pod. */
  readonly settings?: ZeroSettings | undefined;
}

/** A socket that Envoy listens on for a port of a Service. */
export function envoyListener(name: string, service: Service, port: ListenerPort): Resource {
  const { protocol, settings } = port;
  const hold = settings && tcpHold(name, settings);
  const filters =
    protocol === 'tcp'
      ? [...(hold === undefined ? [] : [hold]), tcpFilter(name, service)]
      : [httpFilter(name, protocol, settings)];
  return listenerResource({
    name,
    address: tcpAddress(port.address, port.port.port),
    trafficDirection: 'INBOUND',
    filterChains: [{ ...sourceMatch(service), filters }],
    ...(settings === undefined ? {} : { perConnectionBufferLimitBytes: bufferBytes(settings) }),
  });
}

/** The listener that a gRPC client with the target `xds:///<name>` asks for. */
export function grpcListener(name: string): Resource {
  const manager = pack(HttpConnectionManager, {
    statPrefix: name,
    rds: { configSource: adsSource, routeConfigName: name },
    httpFilters: [routerFilter(false)],
  });
  return listenerResource({ name, apiListener: { apiListener: manager } });
}

/** Connections from elsewhere than loadBalancerSourceRanges match no filter chain, and Envoy closes them. */
function sourceMatch(service: Service): Pick<FilterChain, 'filterChainMatch'> {
  const ranges = (service.spec.loadBalancerSourceRanges ?? []).map(parseCidr).filter((range) => range !== undefined);
  return ranges.length === 0 ? {} : { filterChainMatch: { sourcePrefixRanges: ranges } };
}

/** Passes requests on as they are: no headers of Envoy's own in answers, WebSockets work. */
function httpFilter(name: string, protocol: PortProtocol, settings: ZeroSettings | undefined): Filter {
  const hold = settings === undefined ? [] : [httpHold(settings)];
  const typedConfig = pack(HttpConnectionManager, {
    statPrefix: name,
    rds: { configSource: adsSource, routeConfigName: name },
    httpFilters: [...(protocol === 'http2' ? [grpcStatsFilter] : []), ...hold, routerFilter(true)],
    useRemoteAddress: true,
    serverHeaderTransformation: 'PASS_THROUGH',
    // Old load testers and health checks speak it, and may leave the host out.
    httpProtocolOptions: { acceptHttp10: true, defaultHostForHttp10: name },
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    // Answers that stream may be silent for long.
    streamIdleTimeout: 0,
    requestHeadersTimeout: 30_000,
  });
  return { name: 'envoy.filters.network.http_connection_manager', typedConfig };
}

/** gRPC's status is in trailers: without it a call that failed would count as HTTP 200. */
const grpcStatsFilter = {
  name: 'envoy.filters.http.grpc_stats',
  typedConfig: pack(GrpcStats, { statsForAllMethods: false }),
};

function routerFilter(suppressEnvoyHeaders: boolean): { readonly name: string; readonly typedConfig: object } {
  return {
    name: 'envoy.filters.http.router',
    typedConfig: pack(Router, suppressEnvoyHeaders ? { suppressEnvoyHeaders } : {}),
  };
}

function tcpFilter(name: string, service: Service): Filter {
  const typedConfig = pack(TcpProxy, {
    statPrefix: name,
    cluster: name,
    maxConnectAttempts,
    hashPolicy: hasAffinity(service) ? [{ sourceIp: {} }] : [],
  });
  return { name: 'envoy.filters.network.tcp_proxy', typedConfig };
}
