import { isIPv6 } from 'node:net';
import type { Node, Pod, Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointPort } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { hasEnded } from '../core/pods.ts';

/** Families of addresses, as slices name them. */
export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their family and their port numbers: pods may give one port name different numbers. */
export interface EndpointGroup {
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** A pod's node; `unknown` where the view may be too old to show it, undefined where there is none. */
export type NodeOf = (pod: Pod) => Node | 'unknown' | undefined;

export const zoneLabel = 'topology.kubernetes.io/zone';

/** The families of a Service. */
export function addressTypesOf({ spec }: Service): AddressType[] {
  const families = (spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  return [isIPv6(spec.clusterIP ?? '') ? 'IPv6' : 'IPv4'];
}

/** The endpoints of a Service: one for each pod that has an address and has not ended, grouped by family and port numbers. */
export function endpointGroups(service: Service, pods: readonly Pod[], nodeOf: NodeOf): EndpointGroup[] {
  const listed = [...pods].filter(isListed).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return addressTypesOf(service).flatMap((addressType) => {
    const groups = new Map<string, { addressType: AddressType; ports: EndpointPort[]; endpoints: Endpoint[] }>();
    for (const pod of listed) {
      const ports = portsOf(service, pod);
      const key = JSON.stringify(ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      const endpoint = endpointFor(service, pod, nodeOf(pod), addressType);
      if (endpoint !== undefined) group.endpoints.push(endpoint);
    }
    return [...groups.values()];
  });
}

function isListed(pod: Pod): boolean {
  const { status } = pod;
  if (hasEnded(pod)) return false;
  return Boolean(status?.podIP) || (status?.podIPs ?? []).length > 0;
}

/** The ports of a Service in one pod. A headless one may have none. */
function portsOf({ spec }: Service, pod: Pod): EndpointPort[] {
  return (spec.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const { appProtocol } = port;
    const protocol = port.protocol ?? 'TCP';
    return [{ name: port.name ?? '', protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** The number of a service's port in this pod; undefined if no container or sidecar of it has a port of that name. */
function targetPort(port: ServicePort, { spec }: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...spec.containers, ...sidecars].flatMap((container) => container.ports ?? []);
  const named = ports.find(({ name, protocol }) => name === target && (protocol ?? 'TCP') === (port.protocol ?? 'TCP'));
  return named?.containerPort;
}

/** The endpoint of a pod; undefined where it has no address of the family, or its node is gone and it does not ask to be listed anyway. */
function endpointFor(
  service: Service,
  pod: Pod,
  node: ReturnType<NodeOf>,
  addressType: AddressType,
): Endpoint | undefined {
  const publishes = service.spec.publishNotReadyAddresses === true;
  if (node === undefined && !publishes) return undefined;
  const addresses = addressesOf(pod).filter((ip) => isIPv6(ip) === (addressType === 'IPv6'));
  if (addresses.length === 0) return undefined;
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const { nodeName, hostname, subdomain } = pod.spec;
  const zone = node === undefined || node === 'unknown' ? undefined : node.metadata.labels?.[zoneLabel];
  return {
    addresses,
    conditions: { ready: publishes || (serving && !terminating), serving, terminating },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata.namespace!,
      name: pod.metadata.name,
      uid: pod.metadata.uid!,
    },
  };
}

function addressesOf({ status }: Pod): string[] {
  const { podIP, podIPs = [] } = status ?? {};
  return podIPs.length > 0 ? podIPs.flatMap(({ ip }) => ip ?? []) : podIP ? [podIP] : [];
}
