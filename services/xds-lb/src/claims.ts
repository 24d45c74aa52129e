/** Decides which Service gets which listener address. */
import { isIP } from 'node:net';
import type { Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseCidr } from './cidr.ts';
import type { LoadBalancerConfig } from './config.ts';
import { keyOfService, type ServiceKey } from './names.ts';
import { portProtocol } from './port-protocol.ts';

/** A listener that a Service gets. */
export interface Claim {
  readonly port: ServicePort;
  /** Address that Envoy binds. */
  readonly address: string;
}

/** A port of a Service that gets no listener. */
export interface Refusal {
  readonly port: ServicePort;
  /** One word for status and events. */
  readonly reason: 'PortInUse' | 'UnsupportedProtocol' | 'InvalidAddress' | 'InvalidSourceRange';
  /** The reason, and a remedy. */
  readonly message: string;
}

/** The ports of one Service of ours. */
export interface Claims {
  readonly granted: readonly Claim[];
  readonly refused: readonly Refusal[];
}

/** True for the Services that this load balancer serves. */
export function isOurs(service: Service, config: LoadBalancerConfig): boolean {
  if (service.spec.type !== 'LoadBalancer' || service.metadata.deletionTimestamp) return false;
  const wanted = service.spec.loadBalancerClass;
  return wanted === undefined || wanted === '' || wanted === config.loadBalancerClass;
}

/**
 * Assigns addresses to Services. The older of two Services with the same address and port gets it, and the first by
 * namespace and name if both are of the same age: every replica decides alike, and a new Service takes no address away.
 */
export function assignListeners(services: readonly Service[], config: LoadBalancerConfig): Map<ServiceKey, Claims> {
  const ours = services.filter((service) => isOurs(service, config)).sort(byAge);
  const taken = new Map<string, ServiceKey>();
  return new Map(ours.map((service) => [keyOfService(service), claimsOf(service, config, taken)]));
}

function claimsOf(service: Service, config: LoadBalancerConfig, taken: Map<string, ServiceKey>): Claims {
  const key = keyOfService(service);
  const granted: Claim[] = [];
  const refused: Refusal[] = [];
  for (const port of service.spec.ports ?? []) {
    const address = bindAddress(service, config);
    const refusal = reasonAgainst(service, port, address, taken);
    if (refusal !== undefined) {
      refused.push(refusal);
      continue;
    }
    taken.set(`${address} ${port.port}`, key);
    granted.push({ port, address });
  }
  return { granted, refused };
}

function bindAddress(service: Service, config: LoadBalancerConfig): string {
  const asked = service.spec.loadBalancerIP;
  if (!asked) return config.listenAddress;
  return Object.hasOwn(config.addressMap, asked) ? config.addressMap[asked]! : asked;
}

function reasonAgainst(
  service: Service,
  port: ServicePort,
  address: string,
  taken: ReadonlyMap<string, ServiceKey>,
): Refusal | undefined {
  if (portProtocol(port) === undefined) {
    const message = `port ${port.port}/${port.protocol} is not served: the load balancer serves TCP only`;
    return { port, reason: 'UnsupportedProtocol', message };
  }
  if (isIP(address) === 0) {
    const message = `spec.loadBalancerIP: Invalid value: ${JSON.stringify(address)}: must be a valid IP address`;
    return { port, reason: 'InvalidAddress', message };
  }
  const range = (service.spec.loadBalancerSourceRanges ?? []).find((text) => parseCidr(text) === undefined);
  if (range !== undefined) {
    const message = `spec.loadBalancerSourceRanges: Invalid value: ${JSON.stringify(range)}: must be a CIDR, such as 10.0.0.0/8`;
    return { port, reason: 'InvalidSourceRange', message };
  }
  const holder = taken.get(`${address} ${port.port}`);
  if (holder === undefined) return undefined;
  const message = `${address}:${port.port} is taken by Service ${holder}; use another port or spec.loadBalancerIP`;
  return { port, reason: 'PortInUse', message };
}

function byAge(a: Service, b: Service): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (ageA !== ageB) return ageA < ageB ? -1 : 1;
  return keyOfService(a) < keyOfService(b) ? -1 : 1;
}
