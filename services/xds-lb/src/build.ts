/** Services and their endpoints as snapshots: pure. */
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { type ZeroSettings, zeroSettings } from '@gantry/model/kinds/service/zero.ts';
import type { Resource } from 'envoy-control-plane-ts/resource.ts';
import { createSnapshot, type Snapshot } from 'envoy-control-plane-ts/snapshot.ts';
import { assignListeners, type Claims } from './claims.ts';
import { type Audience, clusterOf, isWeighted } from './clusters.ts';
import type { LoadBalancerConfig } from './config.ts';
import { deniedAddresses, inRanges } from './denied.ts';
import { endpointsOf, targetsOf, weightedEndpointsOf } from './endpoints.ts';
import { type Door, isOpen } from './hold/doors.ts';
import { envoyListener, grpcListener } from './listeners.ts';
import { keyOfService, resourceName, type ServiceKey, serviceNameLabel } from './names.ts';
import { type PortProtocol, portProtocol } from './port-protocol.ts';
import { routesOf } from './routes.ts';
import { type RevisionOf, type Share, type Split, sharesOf } from './splits.ts';
import { trafficKeys } from './traffic/keys.ts';
import type { TrafficKey, TrafficKeys } from './traffic/statistics.ts';

/** Input of the snapshots. Objects are never changed. */
export interface Observed {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** Services whose requests are split. */
  readonly splits?: ReadonlyMap<ServiceKey, Split>;
  /** The revisions of the pods of a namespace by the value of a label; undefined while they are not known yet. */
  readonly revisions?: (namespace: string, label: string) => RevisionOf | undefined;
}

/** Resources made from one Service. */
interface ServiceResources {
  readonly envoy: readonly Resource[];
  readonly grpc: readonly Resource[];
  /** Keys that the requests of Envoy's clusters count for, by the clusters' names in statistics. */
  readonly traffic: readonly (readonly [string, TrafficKey])[];
  /** Doors of the ports whose requests may have to wait, by the ports' names. */
  readonly doors: readonly (readonly [string, Door])[];
}

/** Resources of a Service from an earlier run, and their input. */
interface Remembered extends ServiceResources {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly claims: string;
  /** The split, and the revision of each pod. */
  readonly division: string;
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
  /** Keys that the requests of Envoy's clusters count for. */
  readonly traffic: TrafficKeys;
  /** Doors of the ports whose requests may have to wait, by the ports' names. */
  readonly doors: ReadonlyMap<string, Door>;
  readonly memory: Memory;
}

/** Builds the snapshots. Resources of unchanged Services are taken from `memory`, the result of the run before. */
export function build(observed: Observed, config: LoadBalancerConfig, memory: Memory = new Map()): Built {
  const { services, slices } = observed;
  const claims = assignListeners(services, config);
  const isDenied = inRanges(config.deniedEndpoints);
  const slicesByService = Map.groupBy(slices, serviceKeyOfSlice);
  const kept = new Map<ServiceKey, Remembered>();
  const problems = new Map<ServiceKey, Error>();
  for (const service of services) {
    const key = keyOfService(service);
    try {
      const own = {
        ...{ service, slices: slicesByService.get(key) ?? [], claims: claims.get(key) },
        ...splitOf(service, observed),
      };
      kept.set(key, remember(own, isDenied, memory.get(key)));
    } catch (error) {
      problems.set(key, error instanceof Error ? error : new Error(String(error)));
    }
  }
  const all = [...kept.values()];
  const envoy = createSnapshot(all.flatMap((resources) => resources.envoy));
  const grpc = createSnapshot(all.flatMap((resources) => resources.grpc));
  const denied = new Map([...kept].map(([key, resources]) => [key, resources.denied]));
  const traffic = new Map(all.flatMap((resources) => resources.traffic));
  const doors = new Map(all.flatMap((resources) => resources.doors));
  return { envoy, grpc, claims, problems, denied, traffic, doors, memory: kept };
}

/** A Service with the input of its resources. */
interface Source {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly claims: Claims | undefined;
  readonly split: Split | undefined;
  /** Undefined while the revisions of the pods are not known. */
  readonly revisionOf: RevisionOf | undefined;
}

type AddressTest = (address: string) => boolean;

function splitOf(service: Service, { splits, revisions }: Observed): Pick<Source, 'split' | 'revisionOf'> {
  const split = splits?.get(keyOfService(service));
  if (split === undefined) return { split, revisionOf: () => undefined };
  return { split, revisionOf: revisions?.(service.metadata.namespace!, split.label) };
}

function remember(source: Source, isDenied: AddressTest, before: Remembered | undefined): Remembered {
  const { service, slices, claims, revisionOf } = source;
  // A split by revisions that nobody knows yet would send requests to the wrong pods: what was before holds until then.
  if (revisionOf === undefined && before !== undefined) return before;
  const claimed = JSON.stringify(claims?.granted ?? []);
  const division = divisionOf(source);
  const isSame =
    before?.service === service &&
    before.claims === claimed &&
    before.division === division &&
    before.slices.length === slices.length &&
    before.slices.every((slice, i) => slice === slices[i]);
  if (isSame) return before;
  const made = resourcesOf(source, isDenied);
  // An inconsistent Service must not make the snapshot of all inconsistent.
  createSnapshot(made.envoy);
  createSnapshot(made.grpc);
  return { service, slices, claims: claimed, division, denied: deniedAddresses(slices, isDenied), ...made };
}

/** All that a split goes by, as text. */
function divisionOf({ slices, split, revisionOf }: Source): string {
  if (split === undefined || revisionOf === undefined) return '';
  const pods = slices.flatMap(({ endpoints = [] }) => endpoints.map(({ targetRef }) => targetRef?.uid ?? ''));
  return JSON.stringify([split, pods.map((uid) => revisionOf(uid) ?? null)]);
}

function resourcesOf(source: Source, isDenied: AddressTest): ServiceResources {
  const { service, slices, claims, revisionOf } = source;
  const split = revisionOf === undefined ? undefined : source.split;
  const envoy: Resource[] = [];
  const grpc: Resource[] = [];
  const traffic: [string, TrafficKey][] = [];
  const doors: [string, Door][] = [];
  const settings = zeroSettings(service);
  for (const port of service.spec.type === 'ExternalName' ? [] : (service.spec.ports ?? [])) {
    const protocol = portProtocol(port);
    if (protocol === undefined) continue;
    const name = resourceName(service, port.port);
    const targets = targetsOf(service, port, slices, isDenied);
    const shares = sharesOf(name, targets, split, revisionOf ?? (() => undefined));
    grpc.push(
      grpcListener(name),
      routesOf(name, service, 'grpc', shares),
      ...clustersOf(service, protocol, 'grpc', shares),
    );
    const claim = claims?.granted.find((granted) => granted.port === port);
    if (claim === undefined) continue;
    const hold = settings && { settings, isOpen: isOpen(service, targets) };
    if (hold !== undefined) doors.push([name, doorOf(service, hold)]);
    const listener = envoyListener(name, service, { ...claim, protocol, settings });
    envoy.push(listener, ...clustersOf(service, protocol, 'envoy', shares));
    if (protocol !== 'tcp') envoy.push(routesOf(name, service, 'envoy', shares, hold !== undefined && !hold.isOpen));
    traffic.push(...trafficKeys(name, service, port.port, protocol, shares));
  }
  return { envoy, grpc, traffic, doors };
}

function doorOf(service: Service, hold: { readonly settings: ZeroSettings; readonly isOpen: boolean }): Door {
  const { maxRequests: maxWaiting, timeoutMs } = hold.settings;
  return { service: keyOfService(service), isOpen: hold.isOpen, maxWaiting, timeoutMs };
}

/**
 * The clusters of a port, each with its endpoints. A TCP port has one in Envoy, whose localities are the revisions: another listener
 * for each weight would end the connections of the one before.
 */
function clustersOf(
  service: Service,
  protocol: PortProtocol,
  audience: Audience,
  shares: readonly Share[],
): Resource[] {
  const [all, ...revisions] = shares;
  if (!isWeighted(protocol, audience)) {
    return shares.flatMap(({ cluster, targets }) => [
      clusterOf(cluster, service, protocol, audience),
      endpointsOf(cluster, targets),
    ]);
  }
  const parts = revisions.filter(({ weight }) => weight > 0);
  const endpoints =
    parts.length === 0
      ? endpointsOf(all!.cluster, all!.targets)
      : weightedEndpointsOf(
          all!.cluster,
          parts.map(({ revision = '', weight, targets }) => ({ revision, weight, targets })),
        );
  return [clusterOf(all!.cluster, service, protocol, audience), endpoints];
}

function serviceKeyOfSlice(slice: EndpointSlice): ServiceKey {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`;
}
