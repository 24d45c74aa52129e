import type { Container, PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';
import { parseQuantity, toMilli, toUnits } from '@gantry/model/quantity.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** Amounts by resource: cpu in thousandths of a core, all others in their own unit (bytes, pieces). */
export type Vector = ReadonlyMap<string, number>;

/** What a pod takes of a node. */
export interface Demand {
  readonly amounts: Vector;
  /** `<protocol>/<address>/<port>`, with the address 0.0.0.0 for all. */
  readonly hostPorts: readonly string[];
}

type Quantities = Readonly<Record<string, string>> | undefined;

/** What a node offers to pods. */
export function allocatableOf(node: AnyObject): Vector {
  const status = node.status as { allocatable?: Quantities; capacity?: Quantities } | undefined;
  return toVector(status?.allocatable ?? status?.capacity);
}

/**
 * What a pod takes, as Kubernetes counts it: the larger of the sum of its containers and of its largest init container
 * (with the sidecars that run beside it), what the pod as a whole asks for in its place where it does, its overhead, and
 * one of the node's `pods`.
 */
export function demandOf(pod: AnyObject): Demand {
  const spec = pod.spec as unknown as PodSpec;
  const amounts = containersDemand(spec);
  for (const [resource, amount] of toVector(requestsOf(spec.resources))) amounts.set(resource, amount);
  addAll(amounts, toVector(spec.overhead as Quantities));
  amounts.set('pods', 1);
  return { amounts, hostPorts: hostPortsOf(spec) };
}

/** The sum of two demands. */
export function plus(left: Demand, right: Demand): Demand {
  const amounts = new Map(left.amounts);
  addAll(amounts, right.amounts);
  return { amounts, hostPorts: [...left.hostPorts, ...right.hostPorts] };
}

/** Takes nothing. */
export const nothing: Demand = { amounts: new Map(), hostPorts: [] };

function containersDemand(spec: PodSpec): Map<string, number> {
  const running = new Map<string, number>();
  for (const container of spec.containers ?? []) addAll(running, requestsOfContainer(container));
  const sidecars = new Map<string, number>();
  const starting = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const requests = requestsOfContainer(container);
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

function requestsOfContainer(container: Container): Vector {
  return toVector(requestsOf(container.resources));
}

/** A limit without a request counts as the request, as the api's defaults say. */
function requestsOf(resources: { requests?: Quantities; limits?: Quantities } | undefined): Quantities {
  return resources && { ...resources.limits, ...resources.requests };
}

function hostPortsOf(spec: PodSpec): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => `${port.protocol ?? 'TCP'}/${port.hostIP || '0.0.0.0'}/${port.hostPort}`),
  );
}

function toVector(quantities: Quantities): Vector {
  const vector = new Map<string, number>();
  for (const [resource, quantity] of Object.entries(quantities ?? {}))
    vector.set(resource, amountOf(resource, quantity));
  return vector;
}

/** Most pods are made of the same few quantities, and exact arithmetic is dear. */
const knownAmounts = new Map<string, number>();
const maxKnownAmounts = 10_000;

function amountOf(resource: string, quantity: string): number {
  const key = resource === 'cpu' ? `cpu ${quantity}` : quantity;
  let amount = knownAmounts.get(key);
  if (amount === undefined) {
    const parsed = parseQuantity(quantity);
    amount = resource === 'cpu' ? toMilli(parsed) : toUnits(parsed);
    if (knownAmounts.size >= maxKnownAmounts) knownAmounts.clear();
    knownAmounts.set(key, amount);
  }
  return amount;
}

function addAll(sums: Map<string, number>, amounts: Vector): void {
  for (const [resource, amount] of amounts) sums.set(resource, (sums.get(resource) ?? 0) + amount);
}

function raiseAll(sums: Map<string, number>, amounts: Vector): void {
  for (const [resource, amount] of amounts) sums.set(resource, Math.max(sums.get(resource) ?? 0, amount));
}
