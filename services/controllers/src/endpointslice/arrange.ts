import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, EndpointPort, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { AddressType, EndpointGroup } from './endpoints.ts';

/** Most endpoints in one slice: what a change of one endpoint costs its readers (Kubernetes' default). */
export const maxEndpoints = 100;

/** A slice as it should be. */
export interface Planned {
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
  /** The slice that it replaces, if any. */
  readonly stored?: EndpointSlice;
  /** False for a stored slice that stays as it is, but for what is not about endpoints. */
  readonly isChanged: boolean;
}

/** The slices of a Service as they should be, and those that are to go. */
export interface Arrangement {
  readonly planned: readonly Planned[];
  readonly surplus: readonly EndpointSlice[];
}

/**
 * Puts endpoints into slices with few writes and few slices, as Kubernetes does: an endpoint stays in the slice that holds it; new ones
 * fill the slices that change anyway, the fullest first, then one slice that has room for all that are left, and then new ones.
 * A family without endpoints keeps one empty slice. Slices that are to go are made those that are to come. Hints stay as they are stored.
 */
export function arrange(
  types: readonly AddressType[],
  groups: readonly EndpointGroup[],
  stored: readonly EndpointSlice[],
): Arrangement {
  const planned = groups.flatMap((group) =>
    fill(
      group,
      stored.filter((slice) => isOf(slice, group)),
    ),
  );
  for (const addressType of types) {
    if (planned.some((slice) => slice.addressType === addressType)) continue;
    const empty = stored.find((slice) => isPlaceholder(slice, addressType));
    const base = { addressType, ports: [], endpoints: [] };
    planned.push(empty === undefined ? { ...base, isChanged: true } : { ...base, stored: empty, isChanged: false });
  }
  return reuse(planned, stored);
}

function isOf({ addressType, ports = [] }: EndpointSlice, group: EndpointGroup): boolean {
  return addressType === group.addressType && isDeepStrictEqual(sorted(ports), sorted(group.ports));
}

function sorted(ports: readonly EndpointPort[]): EndpointPort[] {
  return ports.toSorted((a, b) => (a.name ?? '').localeCompare(b.name ?? '') || (a.port ?? 0) - (b.port ?? 0));
}

function isPlaceholder({ addressType, ports = [], endpoints = [] }: EndpointSlice, wanted: AddressType): boolean {
  return addressType === wanted && ports.length === 0 && endpoints.length === 0;
}

function fill({ addressType, ports, endpoints }: EndpointGroup, usable: readonly EndpointSlice[]): Planned[] {
  const waiting = new Map(endpoints.map((endpoint) => [idOf(endpoint), endpoint]));
  const slices = usable
    .map((slice) => keep(slice, addressType, ports, waiting))
    .filter(({ endpoints: left }) => left.length > 0);
  const left = [...waiting.values()];
  for (const slice of slices.filter(({ isChanged }) => isChanged).sort(byLength)) {
    slice.endpoints.push(...left.splice(0, maxEndpoints - slice.endpoints.length));
  }
  while (left.length > 0) {
    const roomy = left.length < maxEndpoints ? fittest(slices, left.length) : undefined;
    if (roomy === undefined) {
      slices.push({ addressType, ports, endpoints: left.splice(0, maxEndpoints), isChanged: true });
    } else {
      const at = slices.indexOf(roomy);
      slices[at] = { ...roomy, endpoints: [...roomy.endpoints, ...left.splice(0)], isChanged: true };
    }
  }
  return slices;
}

/** A stored slice with those of its endpoints that are still wanted, each taken from those that wait for a place. */
function keep(
  stored: EndpointSlice,
  addressType: AddressType,
  ports: readonly EndpointPort[],
  waiting: Map<string, Endpoint>,
): Planned {
  const before = stored.endpoints ?? [];
  let isChanged = false;
  const endpoints = before.flatMap((endpoint) => {
    const id = idOf(endpoint);
    const wanted = waiting.get(id);
    waiting.delete(id);
    if (wanted === undefined) {
      isChanged = true;
      return [];
    }
    const { hints: _hints, ...known } = endpoint;
    if (isDeepStrictEqual(known, wanted)) return [endpoint];
    isChanged = true;
    return [wanted];
  });
  return { addressType, ports, endpoints, stored, isChanged };
}

function byLength(a: Planned, b: Planned): number {
  return b.endpoints.length - a.endpoints.length;
}

/** The unchanged slice that is fullest once so many are added to it; undefined where none has room. */
function fittest(slices: readonly Planned[], count: number): Planned | undefined {
  const roomy = slices.filter(({ isChanged, endpoints }) => !isChanged && endpoints.length + count <= maxEndpoints);
  return roomy.sort(byLength)[0];
}

/** Makes new slices of those that would go. */
function reuse(planned: readonly Planned[], stored: readonly EndpointSlice[]): Arrangement {
  const kept = new Set(planned.map((slice) => slice.stored));
  const surplus = stored.filter((slice) => !kept.has(slice));
  const reused = planned.map((slice): Planned => {
    if (slice.stored !== undefined) return slice;
    const at = surplus.findIndex(({ addressType }) => addressType === slice.addressType);
    return at < 0 ? slice : { ...slice, stored: surplus.splice(at, 1)[0]! };
  });
  return { planned: reused, surplus };
}

function idOf({ addresses, hostname = '', targetRef }: Endpoint): string {
  return `${targetRef?.namespace}/${targetRef?.name} ${targetRef?.uid} ${hostname} ${addresses.join()}`;
}
