/** Routes: where requests of a Service's port go, and which of them are tried again. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { PreviousHostsPredicate, type Route } from 'envoy-control-plane-ts/envoy/route.ts';
import { pack } from 'envoy-control-plane-ts/proto/codec.ts';
import { type Resource, routesResource } from 'envoy-control-plane-ts/resource.ts';
import { type Audience, hasAffinity } from './clusters.ts';
import { shut } from './hold/doors.ts';
import type { Share } from './splits.ts';
import { type RoutePart, tellsRoutesApart } from './traffic/keys.ts';
import { statName } from './traffic/sink.ts';

type RouteAction = NonNullable<Route['route']>;
type RetryPolicy = NonNullable<RouteAction['retryPolicy']>;

/**
 * Failures after which no pod has begun to work on the request, so that any request may be sent again: the connection
 * was refused, the pod refused the stream, or the connection broke before the request was on it. A gRPC server that
 * answers UNAVAILABLE says the same.
 */
const safeFailures = 'connect-failure,refused-stream,unavailable,reset-before-request';

/**
 * GET, HEAD and OPTIONS change nothing (RFC 9110, section 9.2.1), so they are sent again also when the connection broke
 * while the pod had the request, as when a pod closes an idle connection just as a request comes.
 */
const failuresOfSafeMethods = `${safeFailures},reset`;
const safeMethods = 'GET|HEAD|OPTIONS';

/** Tries beyond the first; with the pods that were tried left out. */
const maxRetries = 3;
const hostSelectionAttempts = 5;
const retryBackOff = { baseInterval: 10, maxInterval: 200 };

/** A gRPC client's own name for one of its channels, which hashing by client takes. */
const grpcChannelKey = 'io.grpc.channel_id';

/** The routes of a Service's port, to the clusters that get requests. @param isShut Requests wait at the port's door. */
export function routesOf(
  name: string,
  service: Service,
  audience: Audience,
  shares: readonly Share[],
  isShut = false,
): Resource {
  const routes = audience === 'envoy' ? envoyRoutes(name, service, shares) : [grpcRoute(service, shares)];
  // Statistics of routes have the virtual host's name, where Envoy allows no colons.
  const host = audience === 'envoy' && tellsRoutesApart(service) ? statName(name) : name;
  const asks = isShut ? shut(name) : {};
  return routesResource({ name, virtualHosts: [{ name: host, domains: ['*'], routes, ...asks }] });
}

/**
 * The clusters of an action, by weight. Under affinity Envoy takes the hash of the client for this choice, too, so that a client stays
 * with one revision while the weights stay; gRPC clients choose at random for each call.
 */
function destination(shares: readonly Share[], hashes: boolean): Pick<RouteAction, 'cluster' | 'weightedClusters'> {
  const [first, ...more] = shares.filter(({ weight }) => weight > 0);
  if (more.length === 0) return { cluster: first!.cluster };
  const clusters = [first!, ...more].map(({ cluster, weight }) => ({ name: cluster, weight }));
  return { weightedClusters: { clusters, ...(hashes ? { useHashPolicy: true } : {}) } };
}

function envoyRoutes(name: string, service: Service, shares: readonly Share[]): Route[] {
  const action: RouteAction = {
    ...destination(shares, hasAffinity(service)),
    // Pods and their clients decide how long an answer may take; Envoy's default would be 15 s.
    timeout: 0,
    hashPolicy: hasAffinity(service) ? [{ connectionProperties: { sourceIp: true } }] : [],
  };
  const named = (part: RoutePart): Pick<Route, 'name' | 'statPrefix'> =>
    tellsRoutesApart(service) ? { name: `${name}/${part}`, statPrefix: part } : { name };
  const method = { name: ':method', stringMatch: { safeRegex: { regex: safeMethods } } };
  return [
    {
      ...named('read'),
      match: { prefix: '/', headers: [method] },
      route: { ...action, retryPolicy: envoyRetries(failuresOfSafeMethods) },
    },
    { ...named('write'), match: { prefix: '/' }, route: { ...action, retryPolicy: envoyRetries(safeFailures) } },
  ];
}

function envoyRetries(retryOn: string): RetryPolicy {
  return {
    retryOn,
    numRetries: maxRetries,
    retryBackOff,
    hostSelectionRetryMaxAttempts: hostSelectionAttempts,
    retryHostPredicate: [
      { name: 'envoy.retry_host_predicates.previous_hosts', typedConfig: pack(PreviousHostsPredicate, {}) },
    ],
  };
}

function grpcRoute(service: Service, shares: readonly Share[]): Route {
  const hashPolicy = hasAffinity(service) ? [{ filterState: { key: grpcChannelKey } }] : [];
  const retryPolicy = { retryOn: 'unavailable', numRetries: maxRetries, retryBackOff };
  return { match: { prefix: '' }, route: { ...destination(shares, false), hashPolicy, retryPolicy } };
}
