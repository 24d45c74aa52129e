import type { Container, Pod, PodSpec } from './gen/gantry.core.v1.ts';
import { resourcesCountedOf } from './kinds/pod/allocated.ts';
import { parseQuantity, toMilli, toUnits } from './quantity.ts';

/** Amounts by resource: cpu in thousandths of a core, all others in their own unit (bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>;

type Quantities = Readonly<Record<string, string>> | undefined;

/** Texts of quantities whose amount is remembered: a cluster's manifests use few different ones. */
const maxRemembered = 4_096;
const remembered = new Map<string, number>();

/** The amount that a quantity of a resource stands for, rounded up: thousandths of a core for cpu, else its own unit. */
export function amountOf(resource: string, quantity: string): number {
  const key = resource === 'cpu' ? `${quantity} cpu` : quantity;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const parsed = parseQuantity(quantity);
  const amount = resource === 'cpu' ? toMilli(parsed) : toUnits(parsed);
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(key, amount);
  return amount;
}

/** Amounts of a map of quantities. */
export function amountsOf(quantities: Quantities): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const resource in quantities) amounts.set(resource, amountOf(resource, quantities[resource]!));
  return amounts;
}

/**
 * Requests of a pod on its node, as Kubernetes counts them: the larger of the sum of its containers (sidecars among them)
 * and of the most that its init containers ever take beside the sidecars started before them; what the pod as a whole
 * asks for in its place where it does; its overhead; and one of the node's pods.
 */
export function podRequests(spec: PodSpec): Map<string, number> {
  const requests = containersRequests(spec);
  for (const [resource, amount] of requestsOf(spec.resources)) requests.set(resource, amount);
  addAll(requests, amountsOf(spec.overhead));
  for (const [resource, amount] of requests) if (amount === 0) requests.delete(resource);
  requests.set('pods', 1);
  return requests;
}

/**
 * Requests of a pod on its node as they are to be counted while it may be resized: the larger of what it asks for and of what its node has set
 * aside and in force for it, by container; what a resize asks for that is infeasible does not count. As Kubernetes' scheduler counts.
 */
export function podRequestsOnNode(pod: Pick<Pod, 'spec' | 'status'>): Map<string, number> {
  return podRequests(resourcesCountedOf(pod));
}

function containersRequests(spec: PodSpec): Map<string, number> {
  const running = new Map<string, number>();
  for (const container of spec.containers ?? []) addAll(running, containerRequests(container));
  if (spec.initContainers === undefined) return running;
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of spec.initContainers) {
    const requests = containerRequests(container);
    if (container.restartPolicy === 'Always') {
      addAll(running, requests);
      addAll(sidecars, requests);
      raiseAll(starting, sidecars);
    } else {
      const together = new Map(sidecars);
      addAll(together, requests);
      raiseAll(starting, together);
    }
  }
  raiseAll(running, starting);
  return running;
}

function containerRequests(container: Container): Amounts {
  return requestsOf(container.resources);
}

/** A limit without a request counts as the request, as the api's defaults say. */
function requestsOf(resources: { requests?: Quantities; limits?: Quantities } | undefined): Map<string, number> {
  const amounts = amountsOf(resources?.requests);
  for (const resource in resources?.limits) {
    if (!amounts.has(resource)) amounts.set(resource, amountOf(resource, resources.limits[resource]!));
  }
  return amounts;
}

/** Adds amounts to sums. */
export function addAll(sums: Map<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) sums.set(resource, (sums.get(resource) ?? 0) + amount);
}

function raiseAll(sums: Map<string, number>, amounts: Amounts): void {
  for (const [resource, amount] of amounts) sums.set(resource, Math.max(sums.get(resource) ?? 0, amount));
}
