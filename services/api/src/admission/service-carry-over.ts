import type { Service, ServicePort, ServiceSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { checksHealth } from '@gantry/model/kinds/service/validation.ts';

// Fields that the server allocated, or that depend on the type, when a client replaces a service.

export function usesClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName';
}

export function usesNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
}

export function needsHealthCheckPort({ spec }: Service): boolean {
  return checksHealth(spec);
}

/**
 * Carries what was given over to a replacement that does not say otherwise, and drops what was given for a type that it
 * has no more, in place. A field that the client changed on purpose stays as it is: validation tells what is wrong.
 */
export function carryOver(object: Service, stored: Service): void {
  carryClusterIps(object, stored);
  carryNodePorts(object, stored);
  const { type } = object.spec;
  const reachable = type === 'NodePort' || type === 'LoadBalancer';
  if (!reachable) dropSame(object.spec, stored.spec, 'externalTrafficPolicy');
  if (needsHealthCheckPort(object)) object.spec.healthCheckNodePort ||= stored.spec.healthCheckNodePort;
  else dropSame(object.spec, stored.spec, 'healthCheckNodePort');
  if (type !== 'LoadBalancer') {
    dropSame(object.spec, stored.spec, 'allocateLoadBalancerNodePorts');
    dropSame(object.spec, stored.spec, 'loadBalancerClass');
  }
}

function carryClusterIps(object: Service, stored: Service): void {
  const [spec, before] = [object.spec, stored.spec];
  if (!usesClusterIp(stored)) return;
  if (usesClusterIp(object)) {
    spec.clusterIP ||= before.clusterIP;
    if (spec.clusterIP === before.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = before.clusterIPs;
    spec.ipFamilies ??= before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
    return;
  }
  if (spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  for (const field of ['ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'] as const) dropSame(spec, before, field);
}

function carryNodePorts(object: Service, stored: Service): void {
  const given = new Map((stored.spec.ports ?? []).map((port) => [portKey(port), port.nodePort]));
  for (const port of object.spec.ports ?? []) {
    const nodePort = given.get(portKey(port));
    if (nodePort === undefined) continue;
    if (usesNodePorts(object)) port.nodePort ||= nodePort;
    else if (port.nodePort === nodePort) delete port.nodePort;
  }
}

function dropSame(spec: ServiceSpec, before: ServiceSpec, field: keyof ServiceSpec): void {
  if (JSON.stringify(spec[field]) === JSON.stringify(before[field])) delete spec[field];
}

function portKey(port: ServicePort): string {
  return `${port.protocol ?? 'TCP'}/${port.port}`;
}
