/** The objects by which pods and clients find the api: the Service `kubernetes`, and the addresses behind it in both forms. */
import { isIPv6 } from 'node:net';
import type { Endpoints, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';

/** An address at which an api serves REST. */
export interface RestAddress {
  readonly ip: string;
  readonly port: number;
}

/** Name and namespace of all of them, as in every Kubernetes. */
export const apiServiceName = 'kubernetes';
export const apiServiceNamespace = 'default';

/** Port of the Service, and the name of its port. */
const servicePort = 443;
const portName = 'https';

const metadata = { name: apiServiceName, namespace: apiServiceNamespace };

/** The Service. @param clusterIp Its address; the server gives one where undefined. @param targetPort Port of the api. */
export function apiService(clusterIp: string | undefined, targetPort: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      ...(clusterIp === undefined ? {} : { clusterIP: clusterIp }),
      ports: [{ name: portName, protocol: 'TCP', port: servicePort, targetPort }],
    },
  };
}

/** The addresses by port, and the ports in order. */
function byPort(addresses: readonly RestAddress[]): [port: number, ips: string[]][] {
  const groups = Map.groupBy(addresses, ({ port }) => port);
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([port, group]) => [port, [...new Set(group.map(({ ip }) => ip))].toSorted()]);
}

/** The addresses as Endpoints. Nobody makes slices of these: they are made here, too. */
export function apiEndpoints(addresses: readonly RestAddress[]): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: byPort(addresses).map(([port, ips]) => ({
      addresses: ips.map((ip) => ({ ip })),
      ports: [{ name: portName, port, protocol: 'TCP' }],
    })),
  };
}

/** The addresses as slices. All of a slice have the same port and family: the first slice has the Service's name, others a suffix. */
export function apiSlices(addresses: readonly RestAddress[]): EndpointSlice[] {
  const groups = byPort(addresses).flatMap(([port, ips]) =>
    [false, true].flatMap((isSix) => {
      const own = ips.filter((ip) => isIPv6(ip) === isSix);
      return own.length === 0 ? [] : [{ port, isSix, ips: own }];
    }),
  );
  if (groups.length === 0) return [apiSlice(apiServiceName, { isSix: false, ips: [] })];
  return groups.map((group, index) =>
    apiSlice(index === 0 ? apiServiceName : `${apiServiceName}-${group.port}${group.isSix ? '-ipv6' : ''}`, group),
  );
}

/** Names of slices beside the first one. */
export function isFurtherSlice(name: string): boolean {
  return /^kubernetes-\d+(-ipv6)?$/.test(name);
}

function apiSlice(
  name: string,
  { port, isSix, ips }: { readonly port?: number; readonly isSix: boolean; readonly ips: readonly string[] },
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, name, labels: { 'kubernetes.io/service-name': apiServiceName } },
    addressType: isSix ? 'IPv6' : 'IPv4',
    endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: port === undefined ? [] : [{ name: portName, port, protocol: 'TCP' }],
  };
}
