import { isIPv6 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { EndpointAddress, EndpointSubset, Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { controllerReference, ownerKey } from '../core/owners.ts';
import { isKept } from '../endpoints/endpoints.ts';
import { hasSelector } from '../endpointslice/endpointslice.ts';

const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/** Label of Endpoints whose author makes slices, too. */
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Annotation of Endpoints that are a leader's lease of old, and no addresses. */
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
/** Most endpoints of a slice: further ones are left out, as in Kubernetes. */
const maxEndpoints = 1_000;

/**
 * Mirrors the Endpoints that users write for Services without a selector in EndpointSlices: everything that sends traffic reads these. The
 * key is that of the Endpoints, which have their Service's name.
 */
export const endpointSliceMirroringController: Controller = {
  name: 'endpointslicemirroring-controller',
  watches: ['Endpoints', 'Service', 'EndpointSlice'],

  keysFor(object: AnyObject): readonly string[] {
    if (object.kind === 'EndpointSlice') return ownerKey(object, 'Endpoints');
    return object.kind === 'Endpoints' || object.kind === 'Service' ? [keyOf(object)] : [];
  },

  reconcile(key: string, view: View): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const endpoints = view.get('Endpoints', namespace, name);
    // The slices of Endpoints that are gone have no owner any more.
    if (endpoints === undefined || endpoints.metadata.deletionTimestamp !== undefined) return [];
    if (!sees(view, 'Service', endpoints) || !sees(view, 'EndpointSlice', endpoints)) return [waitForView];
    const stored = [...view.ownedBy('EndpointSlice', endpoints.metadata.uid!)];
    const wanted = isMirrored(endpoints, view.get('Service', namespace, name)) ? groupsOf(endpoints.subsets ?? []) : [];
    return arrange(endpoints, wanted, stored);
  },
};

function isMirrored(endpoints: Endpoints, service: Service | undefined): boolean {
  const { metadata } = endpoints;
  // Endpoints that were made of slices are no users' ones, even where their Service has just lost its selector.
  if (isKept(endpoints)) return false;
  if (metadata.labels?.[skipLabel] === 'true' || metadata.annotations?.[leaderAnnotation] !== undefined) return false;
  return service !== undefined && service.spec.type !== 'ExternalName' && !hasSelector(service);
}

/** Addresses of one family with the same ports: those of a slice. */
interface Group {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

function groupsOf(subsets: readonly EndpointSubset[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { addresses = [], notReadyAddresses = [], ports: given = [] } of subsets) {
    const ports = given.map(({ name = '', ...port }): EndpointPort => ({ name, ...port }));
    const add = (address: EndpointAddress, ready: boolean): void => {
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4';
      const key = JSON.stringify([addressType, ports]);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      const isKnown = group.endpoints.some(({ addresses: [ip] }) => ip === address.ip);
      if (!isKnown && group.endpoints.length < maxEndpoints) group.endpoints.push(endpointOf(address, ready));
    };
    for (const address of addresses) add(address, true);
    for (const address of notReadyAddresses) add(address, false);
  }
  return [...groups.values()];
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

/** Each group keeps the slice with its family and ports; the rest is made, and removed. */
function arrange(owner: Endpoints, groups: readonly Group[], stored: readonly EndpointSlice[]): Action[] {
  const unused = new Set(stored);
  const writes = groups.flatMap((group): Action[] => {
    const slice = [...unused].find(
      ({ addressType, ports = [] }) => addressType === group.addressType && isDeepStrictEqual(ports, group.ports),
    );
    if (slice !== undefined) unused.delete(slice);
    return write(owner, group, slice);
  });
  return [...writes, ...[...unused].map((object): Action => ({ type: 'delete', object }))];
}

function write(
  owner: Endpoints,
  { addressType, ports, endpoints }: Group,
  stored: EndpointSlice | undefined,
): Action[] {
  const { name, namespace } = owner.metadata;
  const labels = {
    ...owner.metadata.labels,
    [serviceLabel]: name,
    [managedByLabel]: 'endpointslicemirroring-controller.gantry.dev',
  };
  if (stored !== undefined) {
    const isSame =
      isDeepStrictEqual(stored.endpoints ?? [], endpoints) && isDeepStrictEqual({ ...stored.metadata.labels }, labels);
    const object = { ...stored, metadata: { ...stored.metadata, labels }, endpoints };
    return isSame ? [] : [{ type: 'update', object }];
  }
  const object: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${name}-`,
      namespace: namespace!,
      labels,
      ownerReferences: [controllerReference(owner)],
    },
    addressType,
    ports: [...ports],
    endpoints,
  };
  return [{ type: 'create', object }];
}
