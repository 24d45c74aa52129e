/** Clusters: how the endpoints of a Service's port are balanced over. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { zeroSettings } from '@gantry/model/kinds/service/zero.ts';
import { type Cluster, UpstreamHttpOptions, upstreamHttpOptionsKey } from 'envoy-control-plane-ts/envoy/cluster.ts';
import { adsSource } from 'envoy-control-plane-ts/envoy/core.ts';
import { pack } from 'envoy-control-plane-ts/proto/codec.ts';
import { clusterResource, type Resource } from 'envoy-control-plane-ts/resource.ts';
import type { PortProtocol } from './port-protocol.ts';
import { statName, tcpStatName } from './traffic/sink.ts';

/** The side that balances: Envoy, or a gRPC client by itself. */
export type Audience = 'envoy' | 'grpc';

/** A pod on the same network answers within milliseconds; one that is gone must not hold a request for long. */
const connectTimeoutMs = 1_000;
/** A pod that has just started may have many connections at once: the kernel asks again after one second, and after three. */
const patientConnectTimeoutMs = 5_000;

/**
 * Envoy closes idle connections to pods before the pods do: Node's HTTP server, which is the quickest of the common
 * ones, closes after 5 s, and a request sent into a connection that closes is lost.
 */
const upstreamIdleTimeoutMs = 4_000;

/** Far above Envoy's 1,024, which would fail requests of a busy service; memory is bounded still. */
const maxParallel = 16_384;

/** Retries may add at most this share of the requests under way, so that an outage is not made worse. */
const retryBudgetPercent = 20;
const minRetryConcurrency = 32;

/** A cluster of a Service's port: of all its pods, or of those of a revision. */
export function clusterOf(name: string, service: Service, protocol: PortProtocol, audience: Audience): Resource {
  return clusterResource({
    name,
    type: 'EDS',
    edsClusterConfig: { edsConfig: adsSource, serviceName: name },
    connectTimeout: zeroSettings(service) === undefined ? connectTimeoutMs : patientConnectTimeoutMs,
    lbPolicy: lbPolicy(service, audience),
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: maxParallel,
          maxPendingRequests: maxParallel,
          maxRequests: maxParallel,
          retryBudget: { budgetPercent: { value: retryBudgetPercent }, minRetryConcurrency },
        },
      ],
    },
    ...(audience === 'envoy'
      ? { altStatName: statNameOf(name, protocol), outlierDetection, ...upstreamOptions(protocol) }
      : {}),
    // Revisions get their parts of TCP connections by localities; elsewhere each revision has a cluster of its own.
    ...(isWeighted(protocol, audience) ? { commonLbConfig: { localityWeightedLbConfig: {} } } : {}),
  });
}

/** Name of a cluster in Envoy's statistics. */
export function statNameOf(name: string, protocol: PortProtocol): string {
  return protocol === 'tcp' ? tcpStatName(name) : statName(name);
}

/** True where the localities of one cluster say how connections are split between revisions. */
export function isWeighted(protocol: PortProtocol, audience: Audience): boolean {
  return protocol === 'tcp' && audience === 'envoy';
}

/**
 * sessionAffinity ClientIP is consistent hashing. Otherwise Envoy takes the less busy of two endpoints; gRPC clients
 * know only round robin of the rest.
 */
function lbPolicy(service: Service, audience: Audience): Cluster['lbPolicy'] {
  if (hasAffinity(service)) return 'RING_HASH';
  return audience === 'envoy' ? 'LEAST_REQUEST' : 'ROUND_ROBIN';
}

/** True where a client shall come to the same pod each time. */
export function hasAffinity(service: Service): boolean {
  return service.spec.sessionAffinity === 'ClientIP';
}

/**
 * An endpoint that cannot be connected to five times in a row rests for 5 s (longer each time), at most half of them at
 * once. What pods answer, errors included, is their own affair and ejects nobody.
 */
const outlierDetection: NonNullable<Cluster['outlierDetection']> = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: 5,
  enforcingConsecutiveLocalOriginFailure: 100,
  enforcingLocalOriginSuccessRate: 0,
  enforcingConsecutive5xx: 0,
  enforcingConsecutiveGatewayFailure: 0,
  enforcingSuccessRate: 0,
  interval: 5_000,
  baseEjectionTime: 5_000,
  maxEjectionTime: 60_000,
  maxEjectionPercent: 50,
};

function upstreamOptions(protocol: PortProtocol): Pick<Cluster, 'typedExtensionProtocolOptions'> {
  if (protocol === 'tcp') return {};
  const explicitHttpConfig = protocol === 'http2' ? { http2ProtocolOptions: {} } : { httpProtocolOptions: {} };
  // gRPC pods keep their connections; an idle one is closed by a GOAWAY, which loses nothing.
  const commonHttpProtocolOptions = protocol === 'http2' ? {} : { idleTimeout: upstreamIdleTimeoutMs };
  const options = pack(UpstreamHttpOptions, { explicitHttpConfig, commonHttpProtocolOptions });
  return { typedExtensionProtocolOptions: { [upstreamHttpOptionsKey]: options } };
}
