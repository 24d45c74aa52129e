import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointHints } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { parseQuantity, toMilli } from '@gantry/model/quantity.ts';
import { isReady as isNodeReady } from '@gantry/model/ready.ts';
import type { Planned } from './arrange.ts';
import { zoneLabel } from './endpoints.ts';
import { isReady, noHints, withHints } from './hints.ts';

/** Share of traffic beyond its own that an endpoint may get because zones keep theirs. */
const overload = 0.2;
/** Labels of nodes whose CPUs do not count: they serve no users. */
const excluded = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** Endpoints that a zone is to have. */
interface Allocation {
  readonly maximum: number;
  readonly desired: number;
}

/** Slices with hints, or why there are none. */
export interface Allocated {
  readonly slices: readonly Planned[];
  /** Undefined where hints were given. */
  readonly problem: string | undefined;
}

/** The part of a node that its zone's share depends on; empty for one that does not count. */
export function capacityOf({ metadata: { labels = {} }, status }: Node): string {
  const counts = isNodeReady({ status: status ?? {} }) && !excluded.some((label) => Object.hasOwn(labels, label));
  return counts ? `${labels[zoneLabel] ?? ''} ${status?.allocatable?.cpu ?? ''}` : '';
}

/** The share of CPUs of each zone; undefined where some node does not tell its zone or CPUs, or there is but one zone. */
export function zoneShares(nodes: Iterable<Node>): ReadonlyMap<string, number> | undefined {
  const milliByZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (capacityOf(node) === '') continue;
    const zone = node.metadata.labels?.[zoneLabel] ?? '';
    const milli = toMilli(parseQuantity(node.status?.allocatable?.cpu ?? '0'));
    if (zone === '' || milli === 0) return undefined;
    total += milli;
    milliByZone.set(zone, (milliByZone.get(zone) ?? 0) + milli);
  }
  if (milliByZone.size < 2) return undefined;
  return new Map([...milliByZone].toSorted().map(([zone, milli]) => [zone, milli / total]));
}

/**
 * Gives each zone as many ready endpoints as its share of CPUs asks for, its own first, as Kubernetes does: hints that are there stay while no
 * zone has too many; where some zone would be overloaded, all go without.
 */
export function allocate(slices: readonly Planned[], shares: ReadonlyMap<string, number> | undefined): Allocated {
  const count = slices.reduce((sum, { endpoints }) => sum + endpoints.filter(isReady).length, 0);
  const allocations = allocationsFor(count, shares);
  if (typeof allocations === 'string') return { slices: noHints(slices), problem: allocations };
  const given = new Map<string, number>();
  const staying = slices.map((slice) => !slice.isChanged && countHints(slice, given, allocations));
  const open = slices.filter((_, index) => !staying[index]);
  if (open.some(({ endpoints }) => endpoints.some((endpoint) => isReady(endpoint) && !endpoint.zone))) {
    return { slices: noHints(slices), problem: 'One or more endpoints do not have a zone specified' };
  }
  for (const endpoint of open.flatMap(({ endpoints }) => endpoints.filter(isReady))) {
    given.set(endpoint.zone!, (given.get(endpoint.zone!) ?? 0) + 1);
  }
  if (given.size === 0) return { slices: noHints(slices), problem: 'No hints allocated for zones' };
  const moves = movesBetween(allocations, given);
  const hinted = slices.map((slice, index) =>
    staying[index]
      ? slice
      : withHints(slice, (endpoint): EndpointHints | undefined =>
          isReady(endpoint) ? { forZones: [{ name: moves.next(endpoint.zone!) }] } : undefined,
        ),
  );
  return { slices: hinted, problem: undefined };
}

/** The endpoints that zones are to have, or why that cannot be said. */
function allocationsFor(
  count: number,
  shares: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, Allocation> | string {
  if (shares === undefined) {
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  }
  const about = `(${count} endpoints, ${shares.size} zones)`;
  if (shares.size > count) return `Insufficient number of endpoints ${about}`;
  const least = new Map([...shares].map(([zone, share]) => [zone, Math.ceil((share * count) / (1 + overload))]));
  const total = least.values().reduce((sum, each) => sum + each, 0);
  if (total > count) {
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${about}`;
  }
  return new Map(
    [...shares].map(([zone, share]) => {
      const minimum = least.get(zone)!;
      return [zone, { maximum: minimum + count - total, desired: Math.max(share * count, minimum) }];
    }),
  );
}

/** Counts the hints of a slice that may stay as it is; false, and nothing is counted, where one is missing or a zone would have too many. */
function countHints(
  { endpoints }: Planned,
  given: Map<string, number>,
  allocations: ReadonlyMap<string, Allocation>,
): boolean {
  const own = new Map<string, number>();
  for (const { hints } of endpoints.filter(isReady)) {
    const zones = hints?.forZones ?? [];
    if (zones.length === 0) return false;
    for (const { name } of zones) own.set(name, (own.get(name) ?? 0) + 1);
  }
  for (const [zone, count] of own) {
    const allocation = allocations.get(zone);
    if (allocation === undefined || count + (given.get(zone) ?? 0) > allocation.maximum) return false;
  }
  for (const [zone, count] of own) given.set(zone, count + (given.get(zone) ?? 0));
  return true;
}

/** Gives out endpoints of zones that have more than they should to those that have fewer, one after the other. */
class Moves {
  readonly #giving: Map<string, number>;
  readonly #receiving: Map<string, number>;

  constructor(giving: Map<string, number>, receiving: Map<string, number>) {
    this.#giving = giving;
    this.#receiving = receiving;
  }

  /** The zone that the next endpoint of a zone is for. */
  next(zone: string): string {
    const [receiver] = this.#receiving.keys();
    if (receiver === undefined || !this.#giving.has(zone)) return zone;
    takeOne(this.#giving, zone);
    takeOne(this.#receiving, receiver);
    return receiver;
  }
}

function takeOne(counts: Map<string, number>, zone: string): void {
  const left = (counts.get(zone) ?? 0) - 1;
  if (left <= 0) counts.delete(zone);
  else counts.set(zone, left);
}

function movesBetween(allocations: ReadonlyMap<string, Allocation>, given: ReadonlyMap<string, number>): Moves {
  const surplus = new Map<string, number>();
  const lack = new Map<string, number>();
  for (const [zone, { desired }] of allocations) {
    const more = (given.get(zone) ?? 0) - desired;
    if (more > 0) surplus.set(zone, more);
    else if (more < 0) lack.set(zone, -more);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const [giver, receiver] = [mostOf(surplus), mostOf(lack)];
    if (giver === undefined || receiver === undefined) break;
    const [toGive, toReceive] = [surplus.get(giver)!, lack.get(receiver)!];
    if ((toGive < 1 && toReceive < 1) || toGive < 0.5 || toReceive < 0.5) break;
    giving.set(giver, (giving.get(giver) ?? 0) + 1);
    receiving.set(receiver, (receiving.get(receiver) ?? 0) + 1);
    surplus.set(giver, toGive - 1);
    lack.set(receiver, toReceive - 1);
  }
  return new Moves(giving, receiving);
}

/** The zone with the most; undefined where none has any. */
function mostOf(counts: ReadonlyMap<string, number>): string | undefined {
  const [most] = [...counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  return most?.[0];
}
