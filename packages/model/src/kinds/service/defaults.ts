import type { Service, ServicePort } from '../../gen/gantry.core.v1.ts';

/** Seconds for which a quiet client stays with its pod under affinity by client address (Kubernetes' default: three hours). */
const affinityTimeoutSeconds = 10_800;

/** Defaults of services. The api allocates addresses and node ports: it knows which are free. */
export function setServiceDefaults({ spec, status }: Service): void {
  for (const ingress of status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ||= 'VIP';
  spec.type ||= 'ClusterIP';
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= affinityTimeoutSeconds;
  }
  for (const port of spec.ports ?? []) setPortDefaults(port);
  if (isReachableFromOutside(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

function setPortDefaults(port: ServicePort): void {
  port.protocol ||= 'TCP';
  if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
}

/** True where traffic from outside of the cluster can arrive, so that there is a policy for it. */
export function isReachableFromOutside({ type, externalIPs = [] }: Service['spec']): boolean {
  return type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
}
