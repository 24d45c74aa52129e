/** Doors: one for each port of a Service whose requests may have to wait for a pod. Pure. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { asleepCondition, type ZeroSettings } from '@gantry/model/kinds/service/zero.ts';
import {
  HttpRateLimit,
  NetworkRateLimit,
  type RateLimitServiceConfig,
} from 'envoy-control-plane-ts/envoy/rate-limit.ts';
import type { VirtualHost } from 'envoy-control-plane-ts/envoy/route.ts';
import { xdsClusterName } from 'envoy-control-plane-ts/process/bootstrap.ts';
import { pack } from 'envoy-control-plane-ts/proto/codec.ts';
import type { Any, ValueOf } from 'envoy-control-plane-ts/proto/schema.ts';
import type { Target } from '../endpoints.ts';
import type { ServiceKey } from '../names.ts';

/** The place at which requests of a port wait while it is shut. */
export interface Door {
  readonly service: ServiceKey;
  /** Requests pass. */
  readonly isOpen: boolean;
  /** Requests and connections of the Service that may wait at a time. */
  readonly maxWaiting: number;
  readonly timeoutMs: number;
}

/**
 * Domain of Envoy's questions, and the entry of their descriptor that names the door. Envoy's filters for rate limits ask a server before a request
 * or a connection goes on, and hold it until the answer is there: a wait is a late answer.
 */
export const holdDomain = 'gantry.hold';
export const doorEntry = 'door';

/** Milliseconds beyond the longest wait after which Envoy ends a request by itself: an answer is on its way. */
const graceMs = 5_000;
/** Bytes of one connection that are read while its request waits, whatever their share is. */
const bufferBounds = { least: 16 * 1024, most: 1024 * 1024 };

/** Requests pass where a pod is ready and the Service is not on its way to zero. */
export function isOpen(service: Service, targets: readonly Target[]): boolean {
  return targets.some(({ state }) => state === 'ready') && !isAsleep(service);
}

/** True from the moment at which a Service's workloads are about to go to zero until they are awake. */
function isAsleep({ status }: Service): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === asleepCondition && value === 'True');
}

/** Bytes that Envoy reads ahead of one connection: the Service's share for each that may wait. */
export function bufferBytes({ maxBytes, maxRequests }: ZeroSettings): number {
  return Math.min(bufferBounds.most, Math.max(bufferBounds.least, Math.floor(maxBytes / maxRequests)));
}

interface HoldFilter {
  readonly name: string;
  readonly typedConfig: Any;
}

/** The HTTP filter. It asks about requests of shut doors alone: those that pass cost nothing. */
export function httpHold(settings: ZeroSettings): HoldFilter {
  const typedConfig = pack(HttpRateLimit, {
    domain: holdDomain,
    timeout: settings.timeoutMs + graceMs,
    failureModeDeny: true,
    rateLimitService: server(settings),
    disableXEnvoyRatelimitedHeader: true,
    rateLimitedStatus: { code: 'ServiceUnavailable' },
    statusOnError: { code: 'ServiceUnavailable' },
  });
  return { name: 'envoy.filters.http.ratelimit', typedConfig };
}

/** The part of a virtual host that makes the filter ask. */
export function shut(name: string): Pick<ValueOf<typeof VirtualHost>, 'rateLimits'> {
  return { rateLimits: [{ actions: [{ genericKey: { descriptorKey: doorEntry, descriptorValue: name } }] }] };
}

/**
 * The filter of TCP connections, which asks about each: to change a listener would end those that are open. Connections go on where there
 * is no answer.
 */
export function tcpHold(name: string, settings: ZeroSettings): HoldFilter {
  const typedConfig = pack(NetworkRateLimit, {
    statPrefix: name,
    domain: holdDomain,
    descriptors: [{ entries: [{ key: doorEntry, value: name }] }],
    timeout: settings.timeoutMs + graceMs,
    rateLimitService: server(settings),
  });
  return { name: 'envoy.filters.network.ratelimit', typedConfig };
}

/**
 * The server that is asked, again where it went while a request waited: one that was started anew knows nothing of it. Envoy takes the longest
 * wait between attempts as the longest time of one as well, so that it must be that of all.
 */
function server({ timeoutMs }: ZeroSettings): ValueOf<typeof RateLimitServiceConfig> {
  const retryOn = 'connect-failure,refused-stream,reset,unavailable,cancelled,internal';
  const timeout = timeoutMs + graceMs;
  return {
    grpcService: {
      envoyGrpc: { clusterName: xdsClusterName },
      timeout,
      retryPolicy: { retryOn, numRetries: maxRetries, retryBackOff: { baseInterval: 50, maxInterval: timeout } },
    },
    transportApiVersion: 'V3',
  };
}

/** Attempts whose waits double: the last of them comes after minutes. */
const maxRetries = 15;
