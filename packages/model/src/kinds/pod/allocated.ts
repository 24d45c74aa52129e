/** Requests of a pod that its node has set aside, beside those of its spec: they differ while it is resized. */
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';

type Amounts = Readonly<Record<string, string>>;

/** Types of the conditions that tell of a resize; the node alone sets and removes them. */
export const resizeConditions = { pending: 'PodResizePending', inProgress: 'PodResizeInProgress' } as const;
/** Reasons of a resize that is pending. */
export const pendingReasons = { deferred: 'Deferred', infeasible: 'Infeasible' } as const;

/** True where the node has told that it can never do the resize that the spec asks for. */
export function isResizeInfeasible({ conditions = [] }: Pick<PodStatus, 'conditions'> = {}): boolean {
  return conditions.find(({ type }) => type === resizeConditions.pending)?.reason === pendingReasons.infeasible;
}

/**
 * The pod's spec with the requests that count: for each container and resource the most of what the spec asks for, what the node has
 * allocated and what is in force; without the spec's where its resize is infeasible. The spec itself where nothing differs.
 */
export function resourcesCountedOf({ spec, status }: Pick<Pod, 'spec' | 'status'>): PodSpec {
  if (status?.containerStatuses === undefined) return spec;
  const isInfeasible = isResizeInfeasible(status);
  const containers = counted(spec.containers, status.containerStatuses, isInfeasible);
  const initContainers = counted(spec.initContainers, status.initContainerStatuses, isInfeasible);
  const own = spec.resources?.requests;
  const requests = own && requestsCounted(own, [status.allocatedResources, status.resources?.requests], isInfeasible);
  if (containers === spec.containers && initContainers === spec.initContainers && requests === own) return spec;
  return {
    ...spec,
    containers: containers!,
    ...(initContainers === undefined ? {} : { initContainers }),
    ...(requests === own ? {} : { resources: { ...spec.resources, requests: requests as Record<string, string> } }),
  };
}

function counted<T extends Container[] | undefined>(
  containers: T,
  statuses: readonly ContainerStatus[] | undefined,
  isInfeasible: boolean,
): T {
  if (containers === undefined || statuses === undefined) return containers;
  let differs = false;
  const made = containers.map((container, index) => {
    const status =
      statuses[index]?.name === container.name ? statuses[index] : statuses.find(({ name }) => name === container.name);
    const before = container.resources?.requests;
    const requests = requestsCounted(
      before ?? none,
      [status?.allocatedResources, status?.resources?.requests],
      isInfeasible,
    );
    if (requests === (before ?? none)) return container;
    differs = true;
    return { ...container, resources: { ...container.resources, requests: requests as Record<string, string> } };
  });
  return differs ? (made as T) : containers;
}

const none: Amounts = {};

/** The wanted amounts themselves where nothing is more. */
function requestsCounted(wanted: Amounts, told: readonly (Amounts | undefined)[], isInfeasible: boolean): Amounts {
  const known = told.filter((list) => list !== undefined);
  if (known.length === 0) return wanted;
  if (isInfeasible) return known.reduce((most, list) => larger(most, list), none);
  return known.reduce((most, list) => larger(most, list), wanted);
}

function larger(most: Amounts, other: Amounts): Amounts {
  let result = most;
  for (const name in other) {
    const text = other[name]!;
    const known = most[name];
    if (known === text) continue;
    if (known !== undefined && compareQuantities(parseQuantity(text), parseQuantity(known)) <= 0) continue;
    if (result === most) result = { ...most };
    (result as Record<string, string>)[name] = text;
  }
  return result;
}
