import type { Affinity, Pod, PodAffinityTerm, ScopedResourceSelectorRequirement } from '../gen/gantry.core.v1.ts';
import { qosClassOf } from '../kinds/pod/qos.ts';
import { addQuantities, compareQuantities, parseQuantity, type Quantity } from '../quantity.ts';
import { sameJson } from '../same-json.ts';
import { type Amounts, one, podTotals, zero } from './amounts.ts';
import type { Counter } from './counter.ts';
import { matchesName } from './scopes.ts';

const names = new Set([
  'count/pods',
  'pods',
  ...['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** Resources that each container must name where a quota bounds them. */
const demanded = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Counts pods: as objects for as long as they exist, and what they ask for until they have ended. */
export const podCounter: Counter<Pod> = {
  handles: ({ operation, subresource, object, stored }) => {
    if (subresource === 'resize') return operation === 'UPDATE';
    if (subresource !== '') return false;
    if (operation === 'CREATE') return true;
    // A resize is told by what it changes: nothing else may change a pod's resources.
    return stored !== undefined && (isTerminating(stored) !== isTerminating(object) || isResized(object, stored));
  },
  counts: (name) =>
    names.has(name) ||
    name.startsWith('hugepages-') ||
    name.startsWith('requests.hugepages-') ||
    (name.startsWith('requests.') && isForeign(name)),
  usage: usageOf,
  matches: matchesScope,
  problem: missingResources,
};

/** True where containers, or the pod as a whole, ask for something else. */
function isResized({ spec }: Pod, { spec: before }: Pod): boolean {
  const resourcesOf = ({ containers, initContainers, resources }: Pod['spec']): unknown => [
    resources,
    ...[...(containers ?? []), ...(initContainers ?? [])].map((container) => container.resources),
  ];
  return spec !== before && !sameJson(resourcesOf(spec), resourcesOf(before));
}

/** True for a resource of somebody's own, such as requests.example.com/gpu. */
function isForeign(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/');
}

/** Milliseconds of the wall clock decide on pods alone that should have ended by then. */
function usageOf(pod: Pod, nowMs: number): Amounts {
  const counted = new Map<string, Quantity>([['count/pods', one]]);
  if (!isCharged(pod, nowMs)) return counted;
  const requests = withOverhead(
    pod,
    podTotals(pod.spec, 'requests', (container) => requestsOf(pod, container)),
  );
  const limits = withOverhead(
    pod,
    podTotals(pod.spec, 'limits', ({ resources }) => resources?.limits),
    true,
  );
  counted.set('pods', one);
  for (const [name, quantity] of requests) {
    if (name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-')) {
      counted.set(name, quantity).set(`requests.${name}`, quantity);
    } else if (isForeign(name)) {
      counted.set(`requests.${name}`, quantity);
    }
  }
  for (const name of ['cpu', 'memory', 'ephemeral-storage']) {
    const limit = limits.get(name);
    if (limit !== undefined) counted.set(`limits.${name}`, limit);
  }
  return counted;
}

/** A pod that ended, or whose node does not answer when it should have ended, takes nothing any more. */
function isCharged({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + Number(deletionGracePeriodSeconds) * 1_000;
}

/** The larger of a container's wishes and its node's word of what is set aside for it. */
function requestsOf(
  { status }: Pod,
  { name, resources }: Parameters<Parameters<typeof podTotals>[2]>[0],
): Readonly<Record<string, string>> | undefined {
  const told = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    (container) => container.name === name,
  );
  if (told?.allocatedResources === undefined && told?.resources === undefined) return resources?.requests;
  const requests = { ...resources?.requests };
  for (const set of [told.allocatedResources, told.resources?.requests]) {
    for (const [resource, text] of Object.entries(set ?? {})) {
      const known = requests[resource];
      if (known === undefined || compareQuantities(parseQuantity(text), parseQuantity(known)) > 0) {
        requests[resource] = text;
      }
    }
  }
  return requests;
}

function withOverhead({ spec }: Pod, totals: Map<string, Quantity>, boundedOnly = false): Map<string, Quantity> {
  for (const [name, text] of Object.entries(spec.overhead ?? {})) {
    const total = totals.get(name);
    if (boundedOnly && (total === undefined || compareQuantities(total, zero) === 0)) continue;
    const overhead = parseQuantity(text);
    totals.set(name, total === undefined ? overhead : addQuantities(total, overhead));
  }
  return totals;
}

function missingResources(required: readonly string[], { spec }: Pod): string | undefined {
  if (Object.keys(spec.resources?.requests ?? {}).length + Object.keys(spec.resources?.limits ?? {}).length > 0) {
    return undefined;
  }
  const lacking = demanded.toSorted().flatMap((name) => {
    if (!required.includes(name)) return [];
    const [part, resource] = name.includes('.')
      ? (name.split('.') as ['requests' | 'limits', string])
      : (['requests', name] as const);
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
      .filter(({ resources }) => resources?.[part]?.[resource] === undefined)
      .map((container) => container.name);
    return containers.length === 0 ? [] : [`${name} for: ${[...new Set(containers)].sort().join(',')}`];
  });
  return lacking.length === 0 ? undefined : `must specify ${lacking.join('; ')}`;
}

function matchesScope(requirement: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'PriorityClass':
      return matchesName(requirement, pod.spec.priorityClassName ? [pod.spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod.spec.affinity);
    default:
      return false;
  }
}

/** True for a pod that ends by itself. */
function isTerminating({ spec }: Pod): boolean {
  return spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0;
}

function crossesNamespaces({ podAffinity, podAntiAffinity }: Affinity = {}): boolean {
  const terms = [podAffinity, podAntiAffinity].flatMap((affinity): (PodAffinityTerm | undefined)[] => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
}
