import { builtIn } from '@gantry/model/built-in.ts';
import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { CoreDeps } from '../core/context.ts';
import { keyPrefix } from '../core/keys.ts';
import { readStored } from '../core/writer.ts';

/** A port of a pod to which a request is passed on. */
export interface ProxyTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** `address:port` of the pod, for the Host header. */
  readonly host: string;
}

/** A name in a proxy's path: `name`, `name:port` or `scheme:name:port`. */
interface Named {
  readonly scheme: ProxyTarget['scheme'];
  readonly name: string;
  /** Empty where none is named. */
  readonly port: string;
}

const pods = builtIn.kindOf('', 'Pod')!;
const services = builtIn.kindOf('', 'Service')!;
const slices = builtIn.kindOf('discovery.k8s.io', 'EndpointSlice')!;
const serviceLabel = 'kubernetes.io/service-name';
/** Port of a pod whose containers name none, by scheme. */
const defaultPorts = { http: 80, https: 443 } as const;

/** Takes a name of a proxy's path apart. Throws BadRequest in Kubernetes' words. */
export function namedBy(id: string, word: 'node' | 'pod' | 'service'): Named {
  const parts = id.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1] ?? ''];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme!)) {
    throw new GantryError('BadRequest', `invalid ${word} request ${JSON.stringify(id)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port! };
}

/** The port of a pod that a path names; the first one of its containers where it names none. */
export async function podTarget(deps: CoreDeps, namespace: string, id: string): Promise<ProxyTarget> {
  const { scheme, name, port } = namedBy(id, 'pod');
  const pod = (await readStored(deps, { kind: pods, namespace, name })).object as unknown as Pod;
  const address = pod.status?.podIP ?? pod.status?.podIPs?.[0]?.ip ?? '';
  if (address === '') throw new GantryError('BadRequest', 'address not allowed');
  const first = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const number = port === '' ? (first ?? defaultPorts[scheme]) : Number(port);
  checkPort(number, port);
  return { namespace, pod: name, port: number, scheme, host: hostOf(address, number) };
}

/** A port of one of a service's pods. @param random From 0 to 1, chooses among them. */
export async function serviceTarget(
  deps: CoreDeps,
  namespace: string,
  id: string,
  random: () => number,
): Promise<ProxyTarget> {
  const { scheme, name, port } = namedBy(id, 'service');
  const portName = await portNameOf(deps, namespace, name, port);
  const endpoints = (await slicesOf(deps, namespace, name)).flatMap((slice) => endpointsOf(slice, portName));
  const chosen = endpoints[Math.floor(random() * endpoints.length)];
  if (chosen === undefined) {
    throw new GantryError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`);
  }
  return { namespace, scheme, ...chosen };
}

/** The name of a service's port that a path names by number or name. Throws ServiceUnavailable where there is none. */
async function portNameOf(deps: CoreDeps, namespace: string, name: string, port: string): Promise<string> {
  if (!/^\d+$/.test(port)) return port;
  const service = (await readStored(deps, { kind: services, namespace, name })).object as unknown as Service;
  const found = service.spec.ports?.find((each) => each.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw new GantryError('ServiceUnavailable', `no service port ${port} found for service ${JSON.stringify(name)}`);
}

/** The endpoint slices of a service. */
export async function slicesOf(
  deps: Pick<CoreDeps, 'store' | 'cache'>,
  namespace: string,
  service: string,
): Promise<EndpointSlice[]> {
  const { entries } = await deps.store.list({ prefix: keyPrefix(slices, namespace) });
  return entries
    .filter(({ value }) => value.includes(JSON.stringify(service)))
    .map((entry) => deps.cache.decode(entry).object as unknown as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[serviceLabel] === service);
}

/** The ready pods of a slice that serve a port. Addresses that are no pod's are left out: nobody knows a way to them. */
function endpointsOf(
  { endpoints, ports }: EndpointSlice,
  portName: string,
): Pick<ProxyTarget, 'pod' | 'port' | 'host'>[] {
  const port = ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  return (endpoints ?? []).flatMap(({ addresses, conditions, targetRef }) =>
    conditions?.ready !== false && targetRef?.kind === 'Pod' && targetRef.name && addresses?.[0]
      ? [{ pod: targetRef.name, port, host: hostOf(addresses[0], port) }]
      : [],
  );
}

function checkPort(port: number, given: string): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new GantryError('BadRequest', `port: Invalid value: ${JSON.stringify(given)}: must be between 1 and 65535`);
}

function hostOf(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
