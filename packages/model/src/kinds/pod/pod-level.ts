/** Resources of a pod as a whole: what its containers share. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Container, Pod, PodSpec } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity, quantityProblem } from '../../quantity.ts';
import { podTotals } from '../../quota/amounts.ts';
import { invalidValue } from '../../validation/causes.ts';

type Part = 'requests' | 'limits';
type Written = Record<string, string>;

const pagesPrefix = 'hugepages-';
/** Resources that a pod may share out of more than it has. */
const shared = ['cpu', 'memory'];

/** True for a resource that a pod as a whole may name. */
export function isPodLevelResource(name: string): boolean {
  return shared.includes(name) || name.startsWith(pagesPrefix);
}

/**
 * Completes the resources of a pod that names some of its own, in place: requests are those of its containers together, else its own
 * limits; limits those of its containers where each has one.
 */
export function setPodLevelDefaults({ spec }: Pod): void {
  const own = spec.resources;
  if (own === undefined || (isEmpty(own.requests) && isEmpty(own.limits)) || hasUnreadable(spec)) return;
  const containersRequests = totals(spec, 'requests');
  const containersLimits = totals(spec, 'limits');
  const limits: Written = { ...own.limits };
  const requests: Written = { ...own.requests };
  for (const [name, total] of containersLimits) {
    if (name.startsWith(pagesPrefix) && requests[name] === undefined) limits[name] ??= formatQuantity(total);
  }
  for (const [name, total] of containersRequests) if (shared.includes(name)) requests[name] ??= formatQuantity(total);
  for (const [name, limit] of Object.entries(limits)) if (isPodLevelResource(name)) requests[name] ??= limit;
  for (const [name, request] of Object.entries(requests)) {
    const total = containersLimits.get(name);
    if (limits[name] !== undefined || total === undefined || !isPodLevelResource(name)) continue;
    if (!containersOf(spec).every(({ resources }) => resources?.limits?.[name] !== undefined)) continue;
    limits[name] = compareQuantities(parseQuantity(request), total) > 0 ? request : formatQuantity(total);
  }
  if (!isEmpty(requests)) own.requests = requests;
  if (!isEmpty(limits)) own.limits = limits;
}

/** Holds the resources of a pod and those of its containers against one another. @param path Of the pod's resources. */
export function validatePodLevel(spec: PodSpec, path: string): FieldCause[] {
  const own = spec.resources;
  if (own === undefined || hasUnreadable(spec)) return [];
  const atLeast = (part: Part, name: string, total: Quantity, field: string): FieldCause[] => {
    const amount = own[part]?.[name];
    if (amount === undefined || compareQuantities(total, parseQuantity(amount)) <= 0) return [];
    const text = `must be greater than or equal to aggregate container ${part} of ${formatQuantity(total)}`;
    return [invalidValue(field, amount, text)];
  };
  return [
    ...[...totals(spec, 'requests')].flatMap(([name, total]) =>
      atLeast('requests', name, total, `${path}.requests[${name}]`),
    ),
    ...[...totals(spec, 'limits')].flatMap(([name, total]) =>
      name.startsWith(pagesPrefix) ? atLeast('limits', name, total, `${path}.limits[${name}]`) : [],
    ),
    ...(spec.containers ?? []).flatMap(({ resources }, index) =>
      Object.entries(resources?.limits ?? {}).flatMap(([name, limit]) => {
        const most = own.limits?.[name];
        if (most === undefined || compareQuantities(parseQuantity(limit), parseQuantity(most)) <= 0) return [];
        const field = `${path}.containers[${index}][${name}].limits`;
        return [invalidValue(field, limit, `must be less than or equal to pod limits of ${most}`)];
      }),
    ),
  ];
}

function totals(spec: PodSpec, part: Part): Map<string, Quantity> {
  const { resources: _, ...containers } = spec;
  return podTotals(containers as PodSpec, part, ({ resources }) => resources?.[part]);
}

function containersOf(spec: PodSpec): readonly Container[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
}

/** True where an amount is none: validation tells of it. */
function hasUnreadable(spec: PodSpec): boolean {
  return [spec, ...containersOf(spec)].some(({ resources }) =>
    [resources?.requests, resources?.limits].some((list) =>
      Object.values(list ?? {}).some((text) => quantityProblem(text) !== undefined),
    ),
  );
}

function isEmpty(list: Readonly<Written> | undefined): boolean {
  return list === undefined || Object.keys(list).length === 0;
}
