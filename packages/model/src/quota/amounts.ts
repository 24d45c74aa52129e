/** Sums of quantities by resource, exact: what quotas and limit ranges count with. */
import type { PodSpec, ResourceRequirements } from '../gen/gantry.core.v1.ts';
import { addQuantities, compareQuantities, formatQuantity, parseQuantity, type Quantity } from '../quantity.ts';

/** Quantities by resource. */
export type Amounts = ReadonlyMap<string, Quantity>;

type Written = Readonly<Record<string, string>>;

/** No amount, and one piece. */
export const zero = parseQuantity('0');
export const one = parseQuantity('1');

/** Reads quantities as they stand in an object. */
export function readAmounts(written: Written = {}): Map<string, Quantity> {
  return new Map(Object.entries(written).map(([name, text]) => [name, parseQuantity(text)]));
}

/** Quantities as they stand in an object, in the order of their names. */
export function writeAmounts(amounts: Amounts): Record<string, string> {
  return Object.fromEntries([...amounts].sort(byName).map(([name, quantity]) => [name, formatQuantity(quantity)]));
}

/** `pods=1,requests.cpu=500m`. */
export function showAmounts(amounts: Amounts): string {
  return [...amounts]
    .sort(byName)
    .map(([name, quantity]) => `${name}=${formatQuantity(quantity)}`)
    .join(',');
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** The amounts whose names are among those given. */
export function only(amounts: Amounts, names: Iterable<string>): Map<string, Quantity> {
  const kept = new Set(names);
  return new Map([...amounts].filter(([name]) => kept.has(name)));
}

/** Adds amounts to sums, in place. */
export function addTo(sums: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, quantity] of amounts) {
    const sum = sums.get(name);
    sums.set(name, sum === undefined ? quantity : addQuantities(sum, quantity));
  }
}

/** Raises sums to amounts that are more, in place. */
function raiseTo(sums: Map<string, Quantity>, amounts: Amounts): void {
  for (const [name, quantity] of amounts) {
    const sum = sums.get(name);
    if (sum === undefined || compareQuantities(quantity, sum) > 0) sums.set(name, quantity);
  }
}

/** True for the same amounts of the same resources. */
export function sameAmounts(left: Amounts, right: Amounts): boolean {
  return (
    left.size === right.size &&
    left.entries().every(([name, quantity]) => {
      const other = right.get(name);
      return other !== undefined && compareQuantities(quantity, other) === 0;
    })
  );
}

/** The resources that a pod as a whole may bound in place of its containers. */
const ofWholePods = ['cpu', 'memory'];

/** Reads what one container has, by its place in the pod. */
export type ResourcesOf = (container: {
  readonly name: string;
  readonly resources?: ResourceRequirements;
}) => Written | undefined;

/**
 * All that a pod asks for, or all that it may use: of its containers and sidecars together, or as much as any of the containers that
 * prepare it has beside the sidecars before it; the pod's own word in their place where it has one.
 * @param read Gives the part that is summed.
 */
export function podTotals(spec: PodSpec, part: 'requests' | 'limits', read: ResourcesOf): Map<string, Quantity> {
  const totals = new Map<string, Quantity>();
  const sidecars = new Map<string, Quantity>();
  const most = new Map<string, Quantity>();
  for (const container of spec.containers ?? []) addTo(totals, readAmounts(read(container)));
  for (const container of spec.initContainers ?? []) {
    const own = readAmounts(read(container));
    if (container.restartPolicy === 'Always') {
      addTo(totals, own);
      addTo(sidecars, own);
      raiseTo(most, sidecars);
    } else {
      addTo(own, sidecars);
      raiseTo(most, own);
    }
  }
  raiseTo(totals, most);
  for (const [name, quantity] of readAmounts(spec.resources?.[part])) {
    if (ofWholePods.includes(name) || name.startsWith('hugepages-')) totals.set(name, quantity);
  }
  return totals;
}
