import { isIPv4 } from 'node:net';
import type { Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { zeroSettings } from '@gantry/model/kinds/service/zero.ts';

/** The label that tells whose endpoints a slice holds. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** A backend of one port of a service. */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  readonly nodeName: string | undefined;
}

/** A service with its slices. */
export interface ServiceEndpoints {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
}

/** Whether a service has an address of its own. */
export function hasClusterIp(service: Service): boolean {
  const ip = service.spec?.clusterIP;
  return service.spec?.type !== 'ExternalName' && ip !== undefined && ip !== '' && ip !== 'None';
}

/**
 * Backends of a port of a service: its ready endpoints, or if there are none, those that still serve while they
 * terminate, so that the last pods of a rollout lose nobody. Sorted, each once; IPv4 only.
 */
export function backendsOf({ slices }: Pick<ServiceEndpoints, 'slices'>, port: ServicePort): Backend[] {
  const all = slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap((slice) => backendsOfSlice(slice, port));
  const ready = all.filter(({ endpoint }) => isReady(endpoint));
  const chosen = ready.length > 0 ? ready : all.filter(({ endpoint }) => isServingToTheEnd(endpoint));
  const unique = new Map(chosen.map(({ backend }) => [`${backend.ip}:${backend.port}`, backend]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}

/**
 * Addresses of the load balancer as backends, for a port of a service that may have no pod: whoever is inside of the cluster goes by it as well, so that its
 * requests wake pods, wait for them, and count. Undefined for all other services, and for a port that no load balancer serves.
 *
 * @param machineIp Address of the machine that this node is simulated on: the load balancer's where it is published as loopback.
 */
export function balancersOf(service: Service, port: ServicePort, machineIp: string | undefined): Backend[] | undefined {
  if (service.spec?.type !== 'LoadBalancer' || protocolOf(port) !== 'TCP' || zeroSettings(service) === undefined) {
    return undefined;
  }
  const addresses = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ports = [] }) => {
    const isServed = ports.some((each) => each.port === port.port && !each.error);
    const reached = ip?.startsWith('127.') ? machineIp : ip;
    return isServed && reached !== undefined && isIPv4(reached) ? [reached] : [];
  });
  if (addresses.length === 0) return undefined;
  return [...new Set(addresses)].sort().map((ip) => ({ ip, port: port.port, nodeName: undefined }));
}

/** Whether an endpoint takes connections. */
export function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

function isServingToTheEnd({ conditions }: Endpoint): boolean {
  return conditions?.terminating === true && (conditions.serving ?? conditions.ready) === true;
}

function backendsOfSlice(
  slice: EndpointSlice,
  port: ServicePort,
): { readonly endpoint: Endpoint; readonly backend: Backend }[] {
  const number = slice.ports?.find(
    (candidate) => (candidate.name ?? '') === (port.name ?? '') && protocolOf(candidate) === protocolOf(port),
  )?.port;
  if (number === undefined) return [];
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const [ip] = endpoint.addresses;
    return ip === undefined ? [] : [{ endpoint, backend: { ip, port: number, nodeName: endpoint.nodeName } }];
  });
}

/** The protocol of a port; TCP by default. */
export function protocolOf({ protocol }: { readonly protocol?: string }): string {
  return protocol || 'TCP';
}
