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
import { triggerTimeAnnotation } from '../endpointslice/trigger-times.ts';

const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/** Label of Endpoints whose author makes slices, too. */
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
/** Annotation of Endpoints that are a leader's lease of old, and no addresses. */
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
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
    return [...arrange(endpoints, wanted, stored), ...tellOfSkipped(endpoints, wanted, stored)];
  },
};

/** Tells users where slices lack addresses, when the slices are written. */
function tellOfSkipped(endpoints: Endpoints, groups: readonly Group[], stored: readonly EndpointSlice[]): Action[] {
  const skipped = groups.reduce((sum, group) => sum + group.skipped, 0);
  const known = stored.reduce((sum, slice) => sum + (slice.endpoints?.length ?? 0), 0);
  const now = groups.reduce((sum, group) => sum + group.endpoints.length, 0);
  if (skipped === 0 || known === now) return [];
  const message = `A max of ${maxEndpoints} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
  return [{ type: 'event', about: endpoints, eventType: 'Warning', reason: 'TooManyAddressesToMirror', message }];
}

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
  /** Addresses beyond the bound. */
  skipped: number;
}

function groupsOf(subsets: readonly EndpointSubset[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { addresses = [], notReadyAddresses = [], ports: given = [] } of subsets) {
    const ports = given.map(({ name = '', ...port }): EndpointPort => ({ name, ...port }));
    const add = (address: EndpointAddress, ready: boolean): void => {
      const addressType = isIPv6(address.ip) ? 'IPv6' : 'IPv4';
      const key = JSON.stringify([addressType, ports]);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [], skipped: 0 };
      groups.set(key, group);
      const isKnown = group.endpoints.some(({ addresses: [ip] }) => ip === address.ip);
      if (isKnown) return;
      if (group.endpoints.length < maxEndpoints) group.endpoints.push(endpointOf(address, ready));
      else group.skipped++;
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
  const placed = groups.map((group) => {
    const slice = [...unused].find(
      ({ addressType, ports = [] }) => addressType === group.addressType && isDeepStrictEqual(ports, group.ports),
    );
    if (slice !== undefined) unused.delete(slice);
    return { group, slice };
  });
  const writes = placed.flatMap(({ group, slice }) => {
    // A slice that would go is made the one that is to come; its family is for good.
    const other = [...unused].find(({ addressType }) => addressType === group.addressType);
    if (slice === undefined && other !== undefined) unused.delete(other);
    return write(owner, group, slice ?? other);
  });
  return [...writes, ...[...unused].map((object): Action => ({ type: 'delete', object }))];
}

/** The annotations of slices: those of the Endpoints, but for what is about the object itself. */
function mirroredAnnotations({ metadata }: Endpoints): Record<string, string> {
  const { [triggerTimeAnnotation]: _time, [lastAppliedAnnotation]: _applied, ...others } = metadata.annotations ?? {};
  return others;
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
    [managedByLabel]: 'endpointslicemirroring-controller.k8s.io',
  };
  const annotations = mirroredAnnotations(owner);
  if (stored !== undefined) {
    const isSame =
      isDeepStrictEqual(stored.ports ?? [], ports) &&
      isDeepStrictEqual(stored.endpoints ?? [], endpoints) &&
      isDeepStrictEqual({ ...stored.metadata.labels }, labels) &&
      isDeepStrictEqual({ ...stored.metadata.annotations }, annotations);
    const object = { ...stored, metadata: { ...stored.metadata, labels, annotations }, ports: [...ports], endpoints };
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
      annotations,
      ownerReferences: [controllerReference(owner)],
    },
    addressType,
    ports: [...ports],
    endpoints,
  };
  return [{ type: 'create', object }];
}
