import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { type ServiceEndpoints, serviceNameLabel } from '../network/endpoints.ts';

/** A service in the namespace default with the port 80, named http. */
export function serviceOf(name: string, spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: '10.96.0.20', ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  };
}

/** A slice of a service's endpoints with the port 8080, named http. */
export function sliceOf(service: string, endpoints: readonly Endpoint[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-1`, namespace: 'default', labels: { [serviceNameLabel]: service } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [...endpoints],
  };
}

/** A service with ready endpoints at these addresses. */
export function served(service: Service, ips: readonly string[]): ServiceEndpoints {
  return {
    service,
    slices: [
      sliceOf(
        service.metadata.name ?? '',
        ips.map((ip) => ({ addresses: [ip] })),
      ),
    ],
  };
}
