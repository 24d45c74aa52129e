/** EndpointSlices as the endpoints of a cluster. */
import { isIP } from 'node:net';
import type { Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { tcpAddress } from 'envoy-control-plane-ts/envoy/core.ts';
import type { LocalityLbEndpoints } from 'envoy-control-plane-ts/envoy/endpoint.ts';
import { endpointsResource, type Resource } from 'envoy-control-plane-ts/resource.ts';

/** One address that requests may go to. */
interface Target {
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  /** Ready, or on its way out but still serving. */
  readonly state: 'ready' | 'terminating';
}

/**
 * The endpoints of a Service's port.
 *
 * Ready endpoints get requests. One that terminates gets none as long as any other is ready: it leaves the list, and
 * Envoy lets its open requests finish. Where none is ready, those that terminate and still serve are used rather than
 * nothing (as Kubernetes' proxies do). Not-ready ones are left out unless the Service has publishNotReadyAddresses.
 * Denied addresses are always left out.
 *
 * Localities are the endpoints' zones, each weighing as much as it has endpoints, so that requests spread evenly
 * however the zones are filled.
 */
export function endpointsOf(
  name: string,
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  isDenied: (address: string) => boolean,
): Resource {
  const targets = slices
    .flatMap((slice) => targetsOf(slice, port, service.spec.publishNotReadyAddresses === true))
    .filter(({ address }) => !isDenied(address));
  const ready = targets.filter((target) => target.state === 'ready');
  return endpointsResource({ clusterName: name, endpoints: byZone(distinct(ready.length > 0 ? ready : targets)) });
}

function targetsOf(slice: EndpointSlice, servicePort: ServicePort, includeNotReady: boolean): Target[] {
  if (slice.addressType === 'FQDN') return [];
  const port = (slice.ports ?? []).find(
    (candidate) =>
      (candidate.name ?? '') === (servicePort.name ?? '') &&
      (candidate.protocol ?? 'TCP') === (servicePort.protocol ?? 'TCP'),
  )?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const state = stateOf(endpoint, includeNotReady);
    // All addresses of an endpoint lead to the same pod, so the first stands for it.
    const address = endpoint.addresses[0];
    if (state === undefined || address === undefined || isIP(address) === 0) return [];
    return [{ address, port, zone: endpoint.zone ?? '', state }];
  });
}

/** Absent conditions mean ready, serving, and not terminating, as Kubernetes defines them. */
function stateOf({ conditions }: Endpoint, includeNotReady: boolean): Target['state'] | undefined {
  const ready = conditions?.ready ?? true;
  if (ready || includeNotReady) return 'ready';
  const serving = conditions?.serving ?? ready;
  return serving && conditions?.terminating ? 'terminating' : undefined;
}

/** Clients refuse an address that occurs twice; while a pod moves between slices it may be in both. */
function distinct(targets: readonly Target[]): Target[] {
  return [...new Map(targets.map((target) => [`${target.address} ${target.port}`, target])).values()];
}

function byZone(targets: readonly Target[]): LocalityLbEndpoints[] {
  const zones = Map.groupBy(targets.toSorted(byAddress), (target) => target.zone);
  return [...zones].sort().map(([zone, members]) => ({
    locality: { zone },
    loadBalancingWeight: members.length,
    lbEndpoints: members.map(({ address, port }) => ({
      endpoint: { address: tcpAddress(address, port) },
      healthStatus: 'HEALTHY',
    })),
  }));
}

/** A stable order, so that the same endpoints in another order are no change. */
function byAddress(a: Target, b: Target): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port;
}
