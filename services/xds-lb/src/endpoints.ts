/** EndpointSlices as the endpoints of a cluster. */
import { isIP } from 'node:net';
import type { Service, ServicePort } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { tcpAddress } from 'envoy-control-plane-ts/envoy/core.ts';
import type { LocalityLbEndpoints } from 'envoy-control-plane-ts/envoy/endpoint.ts';
import { endpointsResource, type Resource } from 'envoy-control-plane-ts/resource.ts';

/** One address that requests may go to. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  /** Uid of the pod behind it; undefined where it is no pod. */
  readonly pod: string | undefined;
  /** Ready, or on its way out but still serving. */
  readonly state: 'ready' | 'terminating';
}

/** Targets that share a part of the connections to a port, whatever their number. */
export interface WeightedTargets {
  /** Name that tells them apart in Envoy's locality; empty for those that no revision is known of. */
  readonly revision: string;
  /** Part of the connections, in percent. */
  readonly weight: number;
  readonly targets: readonly Target[];
}

/** Locality weights of a share of one percent: fine enough that each zone gets its part. */
const weightUnits = 1_000;

/**
 * The targets of a Service's port, each once. Not-ready endpoints are left out unless the Service has publishNotReadyAddresses;
 * denied addresses are always left out.
 */
export function targetsOf(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  isDenied: (address: string) => boolean,
): Target[] {
  const targets = slices
    .flatMap((slice) => targetsOfSlice(slice, port, service.spec.publishNotReadyAddresses === true))
    .filter(({ address }) => !isDenied(address));
  return distinct(targets);
}

/**
 * The targets that get requests. One that terminates gets none as long as any other is ready: it leaves the list, and
 * Envoy lets its open requests finish. Where none is ready, those that terminate and still serve are used rather than
 * nothing (as Kubernetes' proxies do).
 */
export function inUse(targets: readonly Target[]): readonly Target[] {
  const ready = targets.filter(({ state }) => state === 'ready');
  return ready.length > 0 ? ready : targets;
}

/**
 * The endpoints of a cluster. Localities are the targets' zones, each weighing as much as it has targets, so that
 * requests spread evenly however the zones are filled.
 */
export function endpointsOf(clusterName: string, targets: readonly Target[]): Resource {
  const zones = Map.groupBy(targets.toSorted(byAddress), ({ zone }) => zone);
  const endpoints = [...zones].sort().map(([zone, members]) => locality({ zone }, members.length, members));
  return endpointsResource({ clusterName, endpoints });
}

/** The endpoints of a cluster whose localities get their parts of the connections by weight. */
export function weightedEndpointsOf(clusterName: string, parts: readonly WeightedTargets[]): Resource {
  const endpoints = parts.flatMap(({ revision, weight, targets }) => {
    const zones = Map.groupBy(targets.toSorted(byAddress), ({ zone }) => zone);
    return [...zones].sort().map(([zone, members]) => {
      const share = (weight * weightUnits * members.length) / targets.length;
      return locality({ zone, subZone: revision }, Math.max(1, Math.round(share)), members);
    });
  });
  return endpointsResource({ clusterName, endpoints });
}

function locality(
  of: NonNullable<LocalityLbEndpoints['locality']>,
  loadBalancingWeight: number,
  members: readonly Target[],
): LocalityLbEndpoints {
  return {
    locality: of,
    loadBalancingWeight,
    lbEndpoints: members.map(({ address, port }) => ({
      endpoint: { address: tcpAddress(address, port) },
      healthStatus: 'HEALTHY',
    })),
  };
}

function targetsOfSlice(slice: EndpointSlice, servicePort: ServicePort, includeNotReady: boolean): Target[] {
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
    const pod = endpoint.targetRef?.kind === 'Pod' ? endpoint.targetRef.uid : undefined;
    return [{ address, port, zone: endpoint.zone ?? '', pod, state }];
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

/** A stable order, so that the same endpoints in another order are no change. */
function byAddress(a: Target, b: Target): number {
  return a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port;
}
