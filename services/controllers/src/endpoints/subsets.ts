import type { EndpointAddress, EndpointPort, EndpointSubset, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';

/** Most addresses of one object, counted once for each subset that lists them, as in Kubernetes. */
export const maxAddresses = 1_000;

/** An address that offers a port, and its state there. */
interface Offer {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/** Offers by the identity of their address. */
type Offers = Map<string, Offer>;

/**
 * The endpoints of a Service's slices in the canonical form of Kubernetes: ports that the same addresses offer in the same state
 * share a subset, and addresses ascend by IP and uid. Kubernetes orders ports and subsets by a hash; here they go by name,
 * number and protocol, and by their ports. Endpoints on their way out are left out unless they still count as ready, which
 * publishNotReadyAddresses makes them.
 */
export function subsetsOf(service: Service, slices: readonly EndpointSlice[]): EndpointSubset[] {
  const isPortless = (service.spec.ports ?? []).length === 0;
  const byPort = new Map<string, { readonly port: EndpointPort | undefined; readonly offers: Offers }>();
  for (const { ports: given = [], endpoints = [] } of slices) {
    // Pods that have none of the service's ports are no endpoints of it; those of a service without ports have none to offer.
    const ports = given.length > 0 ? given.map(portOf) : isPortless ? [undefined] : [];
    for (const port of ports) {
      const key = port === undefined ? '' : portKey(port);
      const { offers } = byPort.get(key) ?? byPort.set(key, { port, offers: new Map() }).get(key)!;
      for (const endpoint of endpoints) offer(offers, endpoint);
    }
  }
  const groups = Map.groupBy(
    [...byPort.values()].filter(({ offers }) => offers.size > 0),
    ({ offers }) =>
      [...offers]
        .map(([key, { ready }]) => `${key} ${ready}`)
        .toSorted()
        .join(),
  );
  return [...groups.values()]
    .map((group) => subset(group.flatMap(({ port }) => port ?? []).toSorted(byPortKey), group[0]!.offers))
    .toSorted((a, b) => compare(portKeys(a), portKeys(b)));
}

function portOf({ name, port, protocol = 'TCP', appProtocol }: Partial<EndpointPort>): EndpointPort {
  return {
    ...(name ? { name } : {}),
    port: port!,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}

function offer(offers: Offers, { addresses, conditions, targetRef, hostname, nodeName }: Endpoint): void {
  const ready = conditions?.ready !== false;
  const [ip] = addresses;
  if (ip === undefined || (!ready && conditions?.terminating === true)) return;
  const key = `${ip} ${targetRef?.uid ?? ''}`;
  // An endpoint that moves from slice to slice may be in both for a moment: the state that takes no traffic wins.
  if (offers.get(key)?.ready === false) return;
  const address = {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
  offers.set(key, { address, ready });
}

function subset(ports: EndpointPort[], offers: Offers): EndpointSubset {
  const sorted = [...offers.values()].toSorted((a, b) => compareAddresses(a.address, b.address));
  const of = (ready: boolean): EndpointAddress[] =>
    sorted.filter((one) => one.ready === ready).map(({ address }) => address);
  return withAddresses({ ports }, of(true), of(false));
}

/** The subset with these addresses; lists without content are absent. */
function withAddresses(
  { ports = [] }: EndpointSubset,
  addresses: EndpointAddress[],
  notReadyAddresses: EndpointAddress[],
): EndpointSubset {
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

/**
 * The subsets with `maxAddresses` addresses at most. Ready ones come before those that are not ready, and each subset keeps its
 * share of them, rounded up until no room is left.
 */
export function truncated(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const ready = countOf(subsets.map(({ addresses }) => addresses));
  const notReady = countOf(subsets.map(({ notReadyAddresses }) => notReadyAddresses));
  const cutsReady = ready > maxAddresses;
  const [room, total] = cutsReady ? [maxAddresses, ready] : [maxAddresses - ready, notReady];
  let left = room;
  return subsets
    .map((one) => {
      const { addresses = [], notReadyAddresses = [] } = one;
      const cut = cutsReady ? addresses : notReadyAddresses;
      const kept = cut.slice(0, Math.min(left, Math.ceil((cut.length * room) / total)));
      left -= kept.length;
      return cutsReady ? withAddresses(one, kept, []) : withAddresses(one, addresses, kept);
    })
    .filter(({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined);
}

/** Addresses of all subsets, ready and not. */
export function addressCount(subsets: readonly EndpointSubset[]): number {
  return countOf(subsets.flatMap(({ addresses, notReadyAddresses }) => [addresses, notReadyAddresses]));
}

function countOf(lists: readonly (readonly unknown[] | undefined)[]): number {
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareAddresses(a: EndpointAddress, b: EndpointAddress): number {
  return compare(a.ip, b.ip) || compare(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
}

/** Text that tells ports apart, and by which they ascend. */
function portKey({ name = '', port, protocol, appProtocol = '' }: EndpointPort): string {
  return [name, String(port).padStart(5, '0'), protocol, appProtocol].join(' ');
}

function byPortKey(a: EndpointPort, b: EndpointPort): number {
  return compare(portKey(a), portKey(b));
}

function portKeys({ ports = [] }: EndpointSubset): string {
  return ports.map(portKey).join();
}
