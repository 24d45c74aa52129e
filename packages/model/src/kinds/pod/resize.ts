/** Resizing of a pod in place: its containers' CPU and memory change while they run, through a subresource of their own. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../gen/gantry.core.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { parseQuantity, quantityProblem } from '../../quantity.ts';
import { forbidden, invalidValue } from '../../validation/causes.ts';
import { mirrorAnnotation } from './mirror.ts';
import { setPodLevelDefaults } from './pod-level.ts';
import { qosClassOf } from './qos.ts';

type Amounts = Readonly<Record<string, string>>;

const lists = ['containers', 'initContainers'] as const;
const resizable = ['cpu', 'memory'];
/** The path of a pod itself, as Kubernetes shows it. */
const wholePod = '[]';

/**
 * Copies the resources and resize policies that a client wants. Containers that come in another number, or under other names, are taken
 * as they are: validation refuses them.
 */
export function transferResize({ spec }: Pod, { spec: wanted }: Pod): void {
  const keepsNumbers = lists.every((list) => (spec[list] ?? []).length === (wanted[list] ?? []).length);
  for (const list of lists) {
    const before = spec[list];
    const after = wanted[list];
    if (after === undefined) delete spec[list];
    else spec[list] = keepsNumbers && before !== undefined ? resized(before, after) : after;
  }
  if (!keepsNumbers) return;
  // A client that knows nothing of a pod's own resources leaves them out: they stay.
  if (wanted.resources !== undefined) spec.resources = wanted.resources;
  setPodLevelDefaults({ spec } as Pod);
}

function resized(before: readonly Container[], after: Container[]): Container[] {
  if (before.some(({ name }, index) => after[index]!.name !== name)) return after;
  return before.map((container, index) => {
    const { resources: _, resizePolicy: __, ...kept } = container;
    const { resources, resizePolicy } = after[index]!;
    return {
      ...kept,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    };
  });
}

/** Validates a resize, in Kubernetes' words and order. */
export function validateResize(pod: Pod, stored: Pod): FieldCause[] {
  if (stored.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbidden(wholePod, 'static pods cannot be resized')];
  }
  if (stored.spec.os?.name === 'windows') return [forbidden(wholePod, 'windows pods cannot be resized')];
  const causes: FieldCause[] = [];
  const shownClass = stored.status?.qosClass ?? '';
  if ((shownClass || qosClassOf(stored)) !== qosClassOf(pod)) {
    causes.push(invalidValue('spec', shownClass, 'Pod QOS Class may not change as a result of resizing'));
  }
  if (!isSupportedByNode(stored)) causes.push(forbidden('spec', 'Pod running on node without support for resize'));
  causes.push(...validatePodLevelResize(pod.spec.resources, stored.spec.resources));
  const order = validateOrder(pod.spec, stored.spec);
  if (order.length > 0) return [...causes, ...order];
  return [
    ...causes,
    ...pairs(pod.spec, stored.spec, 'initContainers').flatMap(validateRemovals),
    ...pairs(pod.spec, stored.spec, 'containers').flatMap(validateRemovals),
    ...pairs(pod.spec, stored.spec, 'containers').flatMap(validateMain),
    ...pairs(pod.spec, stored.spec, 'initContainers').flatMap(validateInit),
  ];
}

/** A node that does not tell of the resources of what runs knows of no resize. */
function isSupportedByNode({ status }: Pod): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function validatePodLevelResize(
  wanted: ResourceRequirements | undefined,
  before: ResourceRequirements | undefined,
): FieldCause[] {
  if (wanted === undefined) return [];
  const removed = (['requests', 'limits'] as const).flatMap((part) =>
    isRemoved(wanted[part], before?.[part])
      ? [forbidden(`spec.resources.${part}`, `pod-level resource ${part} cannot be removed`)]
      : [],
  );
  return fixed(wanted) === fixed(before)
    ? removed
    : [...removed, forbidden('spec', 'only cpu and memory resources are mutable at pod-level')];
}

function validateOrder(wanted: PodSpec, before: PodSpec): FieldCause[] {
  return lists.flatMap((list) => {
    const after = wanted[list] ?? [];
    const known = before[list] ?? [];
    if (after.length !== known.length) {
      return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
    }
    return known.flatMap(({ name }, index) =>
      after[index]!.name === name
        ? []
        : [forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
    );
  });
}

/** A container as it is wanted and as it was. */
interface Pair {
  readonly wanted: Container;
  readonly before: Container;
  readonly field: string;
}

function pairs(wanted: PodSpec, before: PodSpec, list: (typeof lists)[number]): Pair[] {
  return (before[list] ?? []).map((container, index) => {
    return { wanted: wanted[list]![index]!, before: container, field: `spec.${list}[${index}]` };
  });
}

function validateRemovals({ wanted, before, field }: Pair): FieldCause[] {
  return (['requests', 'limits'] as const).flatMap((part) =>
    isRemoved(wanted.resources?.[part], before.resources?.[part])
      ? [forbidden(`${field}.resources.${part}`, `resource ${part} cannot be removed`)]
      : [],
  );
}

function validateMain({ wanted, before }: Pair): FieldCause[] {
  return isResizeAlone(wanted, before) ? [] : [forbidden('spec', 'only cpu and memory resources are mutable')];
}

function validateInit({ wanted, before, field }: Pair): FieldCause[] {
  const causes = isResizeAlone(wanted, before)
    ? []
    : [forbidden(field, 'only cpu and memory resources for init or sidecar containers are mutable')];
  const isResized = amountsText(wanted.resources) !== amountsText(before.resources) || causes.length > 0;
  if (wanted.restartPolicy === 'Always' || !isResized) return causes;
  const text = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
  const restarting = (wanted.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy === 'RestartContainer');
  return [...causes, ...restarting.map(() => forbidden(field, text))];
}

/** True where nothing but amounts of CPU and memory differs. */
function isResizeAlone(wanted: Container, before: Container): boolean {
  return (
    fixed(wanted.resources) === fixed(before.resources) &&
    canonicalJson(wanted.resizePolicy ?? []) === canonicalJson(before.resizePolicy ?? [])
  );
}

function isRemoved(wanted: Amounts = {}, before: Amounts = {}): boolean {
  return Object.keys(before).some((name) => wanted[name] === undefined);
}

/** The part of a container's resources that no resize changes, as text. */
function fixed(resources: ResourceRequirements | undefined): string {
  return amountsText(resources, (name) => !resizable.includes(name));
}

/** Resources as text: the same for the same amounts, however they are written. */
function amountsText(
  { requests, limits, claims = [] }: ResourceRequirements = {},
  counts = (_: string) => true,
): string {
  const read = (list: Amounts = {}): unknown =>
    Object.entries(list)
      .filter(([name]) => counts(name))
      .map(([name, text]) => `${name}=${quantityProblem(text) === undefined ? exact(text) : text}`)
      .sort();
  return JSON.stringify([read(requests), read(limits), claims]);
}

function exact(text: string): string {
  const { value, exponent } = parseQuantity(text);
  return `${value}e${exponent}`;
}
