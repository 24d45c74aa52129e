import { isDeepStrictEqual } from 'node:util';
import type { Node, Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { type Action, type AnyObject, type Controller, keyOf, sees, splitKey, type View } from '../core/action.ts';
import { controllerReference, ownerKey } from '../core/owners.ts';
import { allocate, capacityOf, zoneShares } from './allocation.ts';
import { type Arrangement, arrange, type Planned } from './arrange.ts';
import { addressTypesOf, endpointGroups, type NodeOf, zoneLabel } from './endpoints.ts';
import { hintModeOf, nearHints, noHints } from './hints.ts';
import { TriggerTimes, triggerTimeAnnotation } from './trigger-times.ts';

/** Label that ties a slice to its Service; readers of slices go by it. */
const serviceLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const headlessLabel = 'service.kubernetes.io/headless';
const ownLabels = [serviceLabel, managedByLabel, headlessLabel];

/** Keeps the EndpointSlices of every Service that selects pods. */
export function endpointSliceController(): Controller {
  const memory = new Memory();
  return {
    name: 'endpointslice-controller',
    watches: ['Service', 'Pod', 'EndpointSlice', 'Node'],

    keysFor(object: AnyObject, view: View): readonly string[] {
      switch (object.kind) {
        case 'Service':
          return [keyOf(object)];
        case 'EndpointSlice':
          return ownerKey(object, 'Service');
        case 'Pod':
          return servicesOf(object as Pod, view);
        default:
          return memory.concernedBy(object as Node, view);
      }
    },

    reconcile(key: string, view: View): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const service = view.get('Service', namespace, name);
      if (service === undefined) memory.forget(key);
      if (service === undefined || !hasSelector(service)) return [];
      const pods = [...view.list('Pod', namespace)].filter((pod) => selects(service, pod));
      const slices = [...view.ownedBy('EndpointSlice', service.metadata.uid!)];
      const groups = endpointGroups(service, pods, nodeOf(view));
      const { planned, surplus } = arrange(addressTypesOf(service), groups, slices);
      const hinted = memory.hint(service, planned, view);
      const triggerTime = memory.triggers.note(service, pods);
      return [...write(service, { planned: hinted.slices, surplus }, triggerTime), ...hinted.events];
    },
  };
}

/** True for a Service whose endpoints are the pods that it selects. */
export function hasSelector(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && Object.keys(service.spec.selector ?? {}).length > 0;
}

function selects(service: Service, pod: Pod): boolean {
  return hasSelector(service) && matchesLabels({ matchLabels: service.spec.selector }, pod.metadata.labels);
}

function servicesOf(pod: Pod, view: View): string[] {
  const services = [...view.list('Service', pod.metadata.namespace)];
  return services.filter((service) => selects(service, pod)).map(keyOf);
}

/** The node of a pod. It counts as gone only by a view that is as new as the pod. */
function nodeOf(view: View): NodeOf {
  return (pod) => {
    const { nodeName } = pod.spec;
    const node = nodeName ? view.get('Node', undefined, nodeName) : undefined;
    return node ?? (nodeName && !sees(view, 'Node', pod) ? 'unknown' : undefined);
  };
}

/** Knowledge of the controller beside the objects. */
class Memory {
  readonly triggers = new TriggerTimes();
  /** Services whose endpoints are given to zones by their CPUs, and why they last got no hints: undefined where they did. */
  readonly #allocated = new Map<string, string | undefined>();
  /** Zone and capacity of each node. */
  readonly #nodes = new Map<string, { readonly zone: string; readonly capacity: string }>();

  forget(key: string): void {
    this.triggers.forget(key);
    this.#allocated.delete(key);
  }

  /** The Services that a change of a node concerns: those of its pods, whose zone it tells, and those that go by nodes' capacity. */
  concernedBy(given: Node, view: View): string[] {
    const { name } = given.metadata;
    const node = view.get('Node', undefined, name);
    const before = this.#nodes.get(name);
    const now = node && { zone: node.metadata.labels?.[zoneLabel] ?? '', capacity: capacityOf(node) };
    if (now === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, now);
    const ofPods = before?.zone === now?.zone ? [] : [...view.podsOn(name)].flatMap((pod) => servicesOf(pod, view));
    return [...ofPods, ...(before?.capacity === now?.capacity ? [] : this.#allocated.keys())];
  }

  /** Slices with the hints that their Service asks for, and what users are told where that changes. */
  hint(service: Service, planned: readonly Planned[], view: View): { slices: readonly Planned[]; events: Action[] } {
    const key = keyOf(service);
    const mode = hintModeOf(service);
    const [wasAllocated, before] = [this.#allocated.has(key), this.#allocated.get(key)];
    const tell = (type: 'Normal' | 'Warning', reason: string, why: string): Action => {
      const message = `${why}, addressType: ${addressTypesOf(service).join(', ')}`;
      return { type: 'event', about: service, eventType: type, reason, message };
    };
    const off = 'TopologyAwareHintsDisabled';
    if (mode !== 'auto') {
      this.#allocated.delete(key);
      const slices = mode === 'none' ? noHints(planned) : nearHints(planned, mode);
      const wasOn = wasAllocated && before === undefined;
      return { slices, events: wasOn ? [tell('Warning', off, 'Topology Aware Hints has been disabled')] : [] };
    }
    const shares = zoneShares(view.list('Node'));
    const results = addressTypesOf(service).map((type) =>
      allocate(
        planned.filter(({ addressType }) => addressType === type),
        shares,
      ),
    );
    const problem = results.find((result) => result.problem !== undefined)?.problem;
    this.#allocated.set(key, problem);
    const slices = results.flatMap((result) => result.slices);
    if (wasAllocated && problem === before) return { slices, events: [] };
    if (problem !== undefined) return { slices, events: [tell('Warning', off, problem)] };
    return { slices, events: [tell('Normal', 'TopologyAwareHintsEnabled', 'Topology Aware Hints has been enabled')] };
  }
}

/** The writes of an arrangement. A Service that is to go gets no new slices: the garbage collector is about to remove them. */
function write(service: Service, { planned, surplus }: Arrangement, triggerTime: string | undefined): Action[] {
  const isEnding = service.metadata.deletionTimestamp !== undefined;
  const writes = planned.flatMap((slice) => writeSlice(service, slice, triggerTime));
  return [
    ...writes.filter(({ type }) => !isEnding || type !== 'create'),
    ...surplus.map((object): Action => ({ type: 'delete', object })),
  ];
}

function writeSlice(
  service: Service,
  { addressType, ports, endpoints, stored, isChanged }: Planned,
  triggerTime: string | undefined,
): Action[] {
  const labels = labelsOf(service);
  const stamp: Record<string, string> = triggerTime === undefined ? {} : { [triggerTimeAnnotation]: triggerTime };
  if (stored !== undefined) {
    if (!isChanged && isDeepStrictEqual({ ...stored.metadata.labels }, labels)) return [];
    const { [triggerTimeAnnotation]: _before, ...others } = stored.metadata.annotations ?? {};
    const metadata = { ...stored.metadata, labels, annotations: { ...others, ...stamp } };
    return [{ type: 'update', object: { ...stored, metadata, ports: [...ports], endpoints } }];
  }
  const object: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace!,
      labels,
      ...(triggerTime === undefined ? {} : { annotations: stamp }),
      ownerReferences: [controllerReference(service)],
    },
    addressType,
    ports: [...ports],
    endpoints,
  };
  return [{ type: 'create', object }];
}

/** The labels of a Service's slices: its own, but for those that say whose slices these are. */
function labelsOf({ metadata, spec }: Service): Record<string, string> {
  const own = Object.entries(metadata.labels ?? {}).filter(([name]) => !ownLabels.includes(name));
  const isHeadless = !spec.clusterIP || spec.clusterIP === 'None';
  return {
    ...Object.fromEntries(own),
    [serviceLabel]: metadata.name,
    [managedByLabel]: 'endpointslice-controller.k8s.io',
    ...(isHeadless ? { [headlessLabel]: '' } : {}),
  };
}
