import { isDeepStrictEqual } from 'node:util';
import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { controllerReference, ownerKey } from '../core/owners.ts';
import { endpointGroups } from './endpoints.ts';

/** Label that ties a slice to its Service; readers of slices go by it. */
const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const zoneLabel = 'topology.kubernetes.io/zone';
/** Most endpoints in one slice: what a change of one endpoint costs its readers (Kubernetes' default). */
const maxEndpoints = 100;

/** Keeps the EndpointSlices of every Service that selects pods. */
export const endpointSliceController: Controller = {
  name: 'endpointslice-controller',
  watches: ['Service', 'Pod', 'EndpointSlice', 'Node'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    switch (object.kind) {
      case 'Service':
        return [keyOf(object)];
      case 'EndpointSlice':
        return ownerKey(object, 'Service');
      case 'Pod': {
        const services = [...view.list('Service', object.metadata.namespace)];
        return services.filter((service) => selects(service, object as Pod)).map(keyOf);
      }
      default:
        // A node's zone is read when its pods change.
        return [];
    }
  },

  reconcile(key: string, view: View): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const service = view.get('Service', namespace, name);
    if (service === undefined || !hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return [];
    const pods = [...view.list('Pod', namespace)].filter((pod) => selects(service, pod));
    const zoneOf = (node: string): string | undefined =>
      view.get('Node', undefined, node)?.metadata.labels?.[zoneLabel];
    const slices = [...view.ownedBy('EndpointSlice', service.metadata.uid!)];
    return arrange(service, endpointGroups(service, pods, zoneOf), slices);
  },
};

/** True for a Service whose endpoints are the pods that it selects. */
export function hasSelector(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0;
}

function selects(service: Service, pod: Pod): boolean {
  return hasSelector(service) && matchesLabels({ matchLabels: service.spec.selector }, pod.metadata.labels);
}

/** A slice as it should be; `stored` is the one that it replaces, if any. */
interface Planned {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
  readonly stored?: EndpointSlice;
}

/**
 * Puts endpoints into slices with as few writes as possible: an endpoint stays in the slice that holds it, new ones fill
 * the gaps, and the rest makes new slices. A Service without endpoints keeps one empty slice.
 */
function arrange(
  service: Service,
  groups: readonly { ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[],
  stored: readonly EndpointSlice[],
): Action[] {
  const wanted = groups.length > 0 ? groups : [{ ports: [], endpoints: [] }];
  const planned = wanted.flatMap(({ ports, endpoints }) => {
    const usable = stored.filter((slice) => isDeepStrictEqual(slice.ports ?? [], ports));
    return fill(ports, endpoints, usable);
  });
  const kept = new Set(planned.map((slice) => slice.stored));
  return [
    ...planned.flatMap((slice) => write(service, slice)),
    ...stored.filter((slice) => !kept.has(slice)).map((object): Action => ({ type: 'delete', object })),
  ];
}

function fill(
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
  usable: readonly EndpointSlice[],
): Planned[] {
  const waiting = new Map(endpoints.map((endpoint) => [addressOf(endpoint), endpoint]));
  const slices: Planned[] = usable.map((slice) => {
    const staying = (slice.endpoints ?? []).flatMap((endpoint) => {
      const now = waiting.get(addressOf(endpoint));
      waiting.delete(addressOf(endpoint));
      return now === undefined ? [] : [now];
    });
    return { ports, endpoints: staying, stored: slice };
  });
  for (const endpoint of waiting.values()) {
    const gap = slices.find((slice) => slice.endpoints.length < maxEndpoints);
    if (gap) gap.endpoints.push(endpoint);
    else slices.push({ ports, endpoints: [endpoint] });
  }
  const used = slices.filter((slice) => slice.endpoints.length > 0);
  if (used.length > 0) return used;
  return [slices[0] ?? { ports, endpoints: [] }];
}

function addressOf(endpoint: Endpoint): string {
  return `${endpoint.targetRef?.uid} ${endpoint.addresses[0]}`;
}

function write(service: Service, { ports, endpoints, stored }: Planned): Action[] {
  const labels = {
    ...service.metadata.labels,
    [serviceLabel]: service.metadata.name,
    [managedByLabel]: 'endpointslice-controller.k8s.io',
    ...(service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
  };
  if (stored === undefined) {
    const object: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: '',
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace!,
        labels,
        ownerReferences: [controllerReference(service)],
      },
      addressType: 'IPv4',
      ports: [...ports],
      endpoints,
    };
    return [{ type: 'create', object }];
  }
  const same =
    isDeepStrictEqual(stored.endpoints ?? [], endpoints) && isDeepStrictEqual({ ...stored.metadata.labels }, labels);
  if (same) return [];
  return [
    { type: 'update', object: { ...stored, metadata: { ...stored.metadata, labels }, ports: [...ports], endpoints } },
  ];
}
