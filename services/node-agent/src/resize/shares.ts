import type { Container, Pod, ResourceRequirements } from '@gantry/model/gen/gantry.core.v1.ts';
import { isSameQuantity } from '../containers/quantities.ts';

/** CPU and memory by name, as quantities. */
export type Amounts = Readonly<Record<string, string>>;

/** CPU and memory that a container, or a pod as a whole, asks for and is limited to. */
export interface Share {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** All that is set aside for a pod: what a resize changes. */
export interface Allocation {
  /** By name, of init containers and sidecars too. */
  readonly containers: Readonly<Record<string, Share>>;
  /** Of the pod as a whole, where it has resources of its own. */
  readonly pod?: Share;
}

/** The resources that change while containers run. */
export const resizable = ['cpu', 'memory'] as const;

/** The part of resources that a resize may change. */
export function shareOf({ requests, limits }: ResourceRequirements = {}): Share {
  const part = (list: Amounts = {}): Amounts =>
    Object.fromEntries(resizable.flatMap((name) => (list[name] === undefined ? [] : [[name, list[name]]])));
  return { requests: part(requests), limits: part(limits) };
}

/** The share by which a container is held: limits of the pod as a whole hold those that have none of their own. */
export function effectiveShare(pod: Pod, container: Container): Share {
  const { requests, limits } = shareOf(container.resources);
  return { requests, limits: { ...shareOf(pod.spec.resources).limits, ...limits } };
}

/** True for the same amounts, however they are written; an absent amount is none. */
export function sameShare(left: Share, right: Share): boolean {
  return (['requests', 'limits'] as const).every((part) =>
    resizable.every((name) => isSameQuantity(left[part][name] ?? '0', right[part][name] ?? '0')),
  );
}

/** The allocation that the pod's spec asks for. */
export function allocationOf({ spec }: Pod): Allocation {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return {
    containers: Object.fromEntries(containers.map(({ name, resources }) => [name, shareOf(resources)])),
    ...(spec.resources === undefined ? {} : { pod: shareOf(spec.resources) }),
  };
}

/** True where both set the same aside for each container of the second, and for the pod as a whole. */
export function sameAllocation(left: Allocation, right: Allocation): boolean {
  const none: Share = { requests: {}, limits: {} };
  return (
    sameShare(left.pod ?? none, right.pod ?? none) &&
    Object.entries(right.containers).every(([name, share]) => sameShare(left.containers[name] ?? share, share))
  );
}

/** A pod with what is set aside for it in the place of what its spec asks for. Containers that the allocation does not know keep theirs. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  if (sameAllocation(allocation, allocationOf(pod))) return pod;
  const put = (list: readonly Container[]): Container[] =>
    list.map((container) => {
      const share = allocation.containers[container.name];
      return share === undefined ? container : { ...container, resources: withShare(container.resources, share) };
    });
  const { initContainers, containers, resources, ...spec } = pod.spec;
  return {
    ...pod,
    spec: {
      ...spec,
      ...(initContainers === undefined ? {} : { initContainers: put(initContainers) }),
      containers: put(containers),
      ...(allocation.pod === undefined ? {} : { resources: withShare(resources, allocation.pod) }),
    },
  };
}

/** Resources with another share of CPU and memory; all else stays. */
export function withShare(resources: ResourceRequirements = {}, share: Share): ResourceRequirements {
  const put = (list: Amounts | undefined, amounts: Amounts): Record<string, string> | undefined => {
    const others = Object.entries(list ?? {}).filter(([name]) => !(resizable as readonly string[]).includes(name));
    const entries = [...others, ...Object.entries(amounts)];
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const { requests: before, limits: bounds, ...others } = resources;
  const [requests, limits] = [put(before, share.requests), put(bounds, share.limits)];
  return { ...others, ...(limits && { limits }), ...(requests && { requests }) };
}
