/** Services and their endpoints as snapshots: pure. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Resource } from 'envoy-control-plane-ts/resource.ts';
import { createSnapshot, type Snapshot } from 'envoy-control-plane-ts/snapshot.ts';
import { assignListeners, type Claims } from './claims.ts';
import { clusterOf } from './clusters.ts';
import type { LoadBalancerConfig } from './config.ts';
import { deniedAddresses, inRanges } from './denied.ts';
import { endpointsOf } from './endpoints.ts';
import { envoyListener, grpcListener } from './listeners.ts';
import { keyOfService, resourceName, type ServiceKey, serviceNameLabel } from './names.ts';
import { portProtocol } from './port-protocol.ts';
import { routesOf } from './routes.ts';

/** Input of the snapshots. Objects are never changed. */
export interface Observed {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** Resources made from one Service. */
interface ServiceResources {
  readonly envoy: readonly Resource[];
  readonly grpc: readonly Resource[];
}

/** Resources of a Service from an earlier run, and their input. */
interface Remembered extends ServiceResources {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly claims: string;
  readonly denied: ReadonlyMap<string, EndpointSlice>;
}

/** Resources of the run before, so that only Services that changed are built again. */
export type Memory = ReadonlyMap<ServiceKey, Remembered>;

export interface Built {
  /** For Envoys: listeners of the Services of type LoadBalancer. */
  readonly envoy: Snapshot;
  /** For proxyless gRPC clients: every TCP port of every Service. */
  readonly grpc: Snapshot;
  /** Addresses that the load balancer's Services have, and those that they were refused. */
  readonly claims: ReadonlyMap<ServiceKey, Claims>;
  /** Services that no resources could be made of; the others go on without them. */
  readonly problems: ReadonlyMap<ServiceKey, Error>;
  /** Addresses of endpoints that are left out because they are denied, with the slices that have them. */
  readonly denied: ReadonlyMap<ServiceKey, ReadonlyMap<string, EndpointSlice>>;
  readonly memory: Memory;
}

/** Builds the snapshots. Resources of unchanged Services are taken from `memory`, the result of the run before. */
export function build({ services, slices }: Observed, config: LoadBalancerConfig, memory: Memory = new Map()): Built {
  const claims = assignListeners(services, config);
  const isDenied = inRanges(config.deniedEndpoints);
  const slicesByService = Map.groupBy(slices, serviceKeyOfSlice);
  const kept = new Map<ServiceKey, Remembered>();
  const problems = new Map<ServiceKey, Error>();
  for (const service of services) {
    const key = keyOfService(service);
    try {
      const own = { service, slices: slicesByService.get(key) ?? [], claims: claims.get(key) };
      kept.set(key, remember(own, isDenied, memory.get(key)));
    } catch (error) {
      problems.set(key, error instanceof Error ? error : new Error(String(error)));
    }
  }
  const all = [...kept.values()];
  const envoy = createSnapshot(all.flatMap((resources) => resources.envoy));
  const grpc = createSnapshot(all.flatMap((resources) => resources.grpc));
  const denied = new Map([...kept].map(([key, resources]) => [key, resources.denied]));
  return { envoy, grpc, claims, problems, denied, memory: kept };
}

/** A Service with the input of its resources. */
interface Source {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly claims: Claims | undefined;
}

type AddressTest = (address: string) => boolean;

function remember(source: Source, isDenied: AddressTest, before: Remembered | undefined): Remembered {
  const { service, slices, claims } = source;
  const claimed = JSON.stringify(claims?.granted ?? []);
  const isSame =
    before?.service === service &&
    before.claims === claimed &&
    before.slices.length === slices.length &&
    before.slices.every((slice, i) => slice === slices[i]);
  if (isSame) return before;
  const made = resourcesOf(source, isDenied);
  // An inconsistent Service must not make the snapshot of all inconsistent.
  createSnapshot(made.envoy);
  createSnapshot(made.grpc);
  return { service, slices, claims: claimed, denied: deniedAddresses(slices, isDenied), ...made };
}

function resourcesOf({ service, slices, claims }: Source, isDenied: AddressTest): ServiceResources {
  const envoy: Resource[] = [];
  const grpc: Resource[] = [];
  for (const port of service.spec.type === 'ExternalName' ? [] : (service.spec.ports ?? [])) {
    const protocol = portProtocol(port);
    if (protocol === undefined) continue;
    const name = resourceName(service, port.port);
    const endpoints = endpointsOf(name, service, port, slices, isDenied);
    grpc.push(
      grpcListener(name),
      routesOf(name, service, 'grpc'),
      clusterOf(name, service, protocol, 'grpc'),
      endpoints,
    );
    const claim = claims?.granted.find((granted) => granted.port === port);
    if (claim === undefined) continue;
    envoy.push(envoyListener(name, service, claim, protocol), clusterOf(name, service, protocol, 'envoy'), endpoints);
    if (protocol !== 'tcp') envoy.push(routesOf(name, service, 'envoy'));
  }
  return { envoy, grpc };
}

function serviceKeyOfSlice(slice: EndpointSlice): ServiceKey {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`;
}
