import type { Pod, Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointPort } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { isReady } from '@gantry/model/ready.ts';

/** Endpoints that share their port numbers: pods may give one port name different numbers. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Gives a node's zone, undefined if it has none. */
export type ZoneOf = (nodeName: string) => string | undefined;

/** The endpoints of a Service: one for each pod that has an address and has not ended, grouped by port numbers. */
export function endpointGroups(service: Service, pods: readonly Pod[], zoneOf: ZoneOf): EndpointGroup[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of [...pods].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))) {
    if (!pod.status?.podIP || pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => endpointPort(port, pod));
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointFor(service, pod, zoneOf));
    groups.set(key, group);
  }
  return [...groups.values()];
}

function endpointPort(port: ServicePort, pod: Pod): EndpointPort[] {
  const number = targetPort(port, pod);
  if (number === undefined) return [];
  const { appProtocol } = port;
  const protocol = port.protocol ?? 'TCP';
  return [{ name: port.name ?? '', protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

/** The number of a service's port in this pod; undefined if the pod has no port of that name. */
function targetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []);
  const named = ports.find(({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
  return named?.containerPort;
}

function endpointFor(service: Service, pod: Pod, zoneOf: ZoneOf): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName);
  const { hostname, subdomain } = pod.spec;
  const named = hostname !== undefined && subdomain === service.metadata.name;
  return {
    addresses: [pod.status!.podIP!],
    conditions: { ready, serving, terminating },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(named ? { hostname } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace!,
      name: pod.metadata.name,
      uid: pod.metadata.uid!,
    },
  };
}
