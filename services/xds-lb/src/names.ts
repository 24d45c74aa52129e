/** Names of Services and of what is made from them. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';

/** `namespace/name`, as informers key objects. */
export type ServiceKey = string;

/** Label of an EndpointSlice that names its Service (Kubernetes' own). */
export const serviceNameLabel = 'kubernetes.io/service-name';

export function keyOfService(service: Pick<Service, 'metadata'>): ServiceKey {
  return `${service.metadata.namespace}/${service.metadata.name}`;
}

/**
 * The name of everything xDS of one port of a Service: listener, routes, cluster and endpoints. It is what gRPC clients
 * write after `xds:///`, as in `xds:///web.default:80`.
 */
export function resourceName(service: Pick<Service, 'metadata'>, port: number): string {
  return `${service.metadata.name}.${service.metadata.namespace}:${port}`;
}
