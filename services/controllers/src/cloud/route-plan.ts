/** Routes that a cloud should have, and what a node is told of its own. Pure. */
import type { Route } from '@gantry/cloud-provider/cloud.ts';
import type { Node, NodeCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import { type AddressRange, isWithin, rangeOf } from '@gantry/model/validation/cidrs.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

export interface RouteSettings {
  /** Begins the names of this cluster's routes. */
  readonly clusterName: string;
  /** Ranges of the cluster's pods: routes elsewhere are nobody's here. */
  readonly clusterCidrs: readonly string[];
  /** Milliseconds between two looks at the routes. */
  readonly periodMs: number;
}

/** A route that is missing. */
export interface MissingRoute {
  readonly route: Route;
  readonly node: Node;
  /** Lies outside of the cluster's ranges: it is not made, as nobody would ever remove it. */
  readonly isOutside: boolean;
  /** A route that has its name or its destination, and goes first. */
  readonly after: Route | undefined;
}

/** Steps from the routes that are there to those that nodes need. */
export interface RouteChanges {
  readonly remove: readonly Route[];
  readonly missing: readonly MissingRoute[];
}

/**
 * Compares routes with the pod ranges of nodes, spec.podCIDRs. A route goes only where it has the cluster's name, lies in a range of the
 * cluster's, and leads to nothing or to a node that has not this range.
 */
export function routeChanges(nodes: Iterable<Node>, routes: readonly Route[], settings: RouteSettings): RouteChanges {
  const needed = [...nodes].flatMap((node) => routesOf(node, settings));
  const wanted = new Set(needed.map(({ route }) => wayOf(route)));
  const there = new Set(routes.filter(({ blackhole }) => !blackhole).map(wayOf));
  const remove = routes.filter((route) => isOurs(route, settings) && (route.blackhole || !wanted.has(wayOf(route))));
  const inTheWay = new Map(
    remove.flatMap((route) => [[route.name, route] as const, [targetOf(route), route] as const]),
  );
  const missing = needed
    .filter(({ route }) => !there.has(wayOf(route)))
    .map((each) => ({ ...each, after: inTheWay.get(each.route.name) ?? inTheWay.get(targetOf(each.route)) }));
  return { remove, missing };
}

function routesOf(node: Node, { clusterName, clusterCidrs }: RouteSettings): Omit<MissingRoute, 'after'>[] {
  const { name: targetNode, uid } = node.metadata;
  return (node.spec?.podCIDRs ?? []).map((destinationCIDR, index) => ({
    // Nodes with addresses of both families have two.
    route: {
      name: `${clusterName}-${uid}${index === 0 ? '' : `-${index}`}`,
      targetNode,
      destinationCIDR,
      blackhole: false,
    },
    node,
    isOutside: !isAmong(destinationCIDR, clusterCidrs),
  }));
}

function isOurs({ name, destinationCIDR }: Route, { clusterName, clusterCidrs }: RouteSettings): boolean {
  return name.startsWith(`${clusterName}-`) && isAmong(destinationCIDR, clusterCidrs);
}

function isAmong(text: string, clusterCidrs: readonly string[]): boolean {
  const range = rangeOf(text);
  return range !== undefined && clusterCidrs.some((cidr) => isPartOf(range, rangeOf(cidr)!));
}

function isPartOf(range: AddressRange, whole: AddressRange): boolean {
  return isWithin(range, whole) || (range.length === whole.length && keyOf(range) === keyOf(whole));
}

/** A range in one form: fd00::/64 and FD00:0::/64 are the same. */
function keyOf({ length, address, prefix }: AddressRange): string {
  return `${length} ${address >> BigInt(length - prefix)}/${prefix}`;
}

function targetOf({ destinationCIDR }: Route): string {
  const range = rangeOf(destinationCIDR);
  // With a blank, so that it is no name.
  return range === undefined ? ` ${destinationCIDR}` : keyOf(range);
}

function wayOf(route: Route): string {
  return `${targetOf(route)} ${route.targetNode}`;
}

/** The node that says whether its routes are there, in Kubernetes' words; undefined where it says so already. */
export function withRoutes(node: Node, areThere: boolean, wallMs: number): Node | undefined {
  const conditions = node.status?.conditions ?? [];
  const now = rfc3339(wallMs);
  const type = 'NetworkUnavailable';
  const said: NodeCondition = areThere
    ? { type, status: 'False', reason: 'RouteCreated', message: 'RouteController created a route' }
    : { type, status: 'True', reason: 'NoRouteCreated', message: 'RouteController failed to create a route' };
  const before = conditions.find((condition) => condition.type === type);
  if (before?.status === said.status && before?.reason === said.reason) return undefined;
  const others = conditions.filter((condition) => condition.type !== type);
  const next = { ...said, lastHeartbeatTime: now, lastTransitionTime: now };
  return { ...node, status: { ...node.status, conditions: [...others, next] } };
}
