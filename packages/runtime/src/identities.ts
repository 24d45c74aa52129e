/** Common names of the certificates by which the parts of a cluster know each other; Kubernetes' own where it has one. */
export const serviceNames = {
  api: 'system:apiserver',
  scheduler: 'system:kube-scheduler',
  controllers: 'system:kube-controller-manager',
  xdsLb: 'system:gantry:xds-lb',
  envoy: 'system:gantry:envoy',
  redis: 'system:gantry:redis',
  nats: 'system:gantry:nats',
  admin: 'kubernetes-admin',
} as const;

/** Name of a service in its certificate for clients that go by DNS names, such as Envoy: it is no address. */
export function serviceDnsName(service: keyof typeof serviceNames): string {
  return `${service.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.gantry`;
}

/** Organizations of certificates, which are the groups of their users. */
export const organizations = {
  /** Administrators. */
  masters: 'system:masters',
  /** Node agents. */
  nodes: 'system:nodes',
  /** Programs that read metrics, as Kubernetes' default roles have it. */
  monitoring: 'system:monitoring',
  /** Envoys and other clients of xDS. */
  xdsClients: 'system:gantry:xds-clients',
} as const;

/** Common name of a node's agent. */
export function nodeUserName(nodeName: string): string {
  return `system:node:${nodeName}`;
}
