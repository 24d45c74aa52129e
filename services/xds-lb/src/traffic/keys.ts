/** Names under which the requests to a Service's port are counted. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { statNameOf } from '../clusters.ts';
import type { PortProtocol } from '../port-protocol.ts';
import type { Share } from '../splits.ts';
import { routeStatName, statName } from './sink.ts';
import type { TrafficKey } from './statistics.ts';

/** Annotation of a Service, `true` where Envoy shall count each route to its ports by itself, at some four statistics a route. */
export const byRouteAnnotation = 'gantry.dev/traffic-by-route';

/** The routes of a port: requests that change nothing and may be sent again, and all others. */
export type RoutePart = 'read' | 'write';
const parts: readonly RoutePart[] = ['read', 'write'];
/** The route to a port that all requests come by. Names of routes are values of labels, by which metrics are selected. */
const theOneRoute = 'all';

/** True where Envoy counts the routes to a Service's ports. Elsewhere one name stands for all of them, and the clusters' counts are the route's. */
export function tellsRoutesApart({ metadata }: Pick<Service, 'metadata'>): boolean {
  return metadata.annotations?.[byRouteAnnotation] === 'true';
}

/** The keys of a port's clusters and routes, by their names in Envoy's statistics. */
export function trafficKeys(
  name: string,
  service: Service,
  port: number,
  protocol: PortProtocol,
  shares: readonly Share[],
): [string, TrafficKey][] {
  const { namespace = '', name: ofService } = service.metadata;
  const isTcp = protocol === 'tcp';
  const key = { namespace, service: ofService, port, isTcp };
  const areApart = !isTcp && tellsRoutesApart(service);
  const route = isTcp || areApart ? '' : theOneRoute;
  const clusters = shares.map(({ cluster, revision = '' }): [string, TrafficKey] => {
    return [statNameOf(cluster, protocol), { ...key, revision, route }];
  });
  if (!areApart) return clusters;
  const routes = parts.map((part): [string, TrafficKey] => {
    return [routeStatName(statName(name), part), { ...key, revision: '', route: part, isPart: true }];
  });
  return [...clusters, ...routes];
}
