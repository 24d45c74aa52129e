import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Node, Taint } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity, quantityProblem } from '../../quantity.ts';
import { duplicate, forbidden, invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { cidrProblems, labelValueProblems, qualifiedNameProblems } from '../../validation/names.ts';

const effects = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];
const zero = parseQuantity('0');

/** Validates a node. */
export function validateNode(node: Node): FieldCause[] {
  const { taints = [], podCIDR, podCIDRs } = node.spec ?? {};
  const ranges = podCIDRs ?? (podCIDR ? [podCIDR] : []);
  return [
    ...taints.flatMap((taint, index) => validateTaint(taint, `spec.taints[${index}]`)),
    ...repeatedTaints(taints),
    ...ranges.flatMap((range, index) => invalidValues(`spec.podCIDRs[${index}]`, range, cidrProblems(range))),
    ...(podCIDR && podCIDRs?.length && podCIDRs[0] !== podCIDR
      ? [invalidValue('spec.podCIDRs[0]', podCIDRs[0], 'must be the same as podCIDR')]
      : []),
    ...validateNodeStatus(node),
  ];
}

function validateTaint({ key, value = '', effect }: Taint, path: string): FieldCause[] {
  return [
    ...invalidValues(`${path}.key`, key, qualifiedNameProblems(key ?? '')),
    ...invalidValues(`${path}.value`, value, labelValueProblems(value)),
    ...(!effect
      ? [required(`${path}.effect`)]
      : effects.includes(effect)
        ? []
        : [notSupported(`${path}.effect`, effect, effects)]),
  ];
}

function repeatedTaints(taints: readonly Taint[]): FieldCause[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const key = `${taint.effect} ${taint.key}`;
    if (seen.has(key)) return [duplicate(`spec.taints[${index}]`, taint)];
    seen.add(key);
    return [];
  });
}

/** Validates a node's status: capacity and allocatable must be amounts. */
export function validateNodeStatus({ status }: Node): FieldCause[] {
  return (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(status?.[field] ?? {}).flatMap(([resource, amount]) => {
      const path = `status.${field}.${resource}`;
      const problem = quantityProblem(amount);
      if (problem !== undefined) return [invalidValue(path, amount, problem)];
      return compareQuantities(parseQuantity(amount), zero) < 0
        ? [invalidValue(path, amount, 'must be greater than or equal to 0')]
        : [];
    }),
  );
}

/** Validates the immutable fields of a node. */
export function validateNodeUpdate(node: Node, stored: Node): FieldCause[] {
  const causes: FieldCause[] = [];
  const { podCIDR, providerID } = stored.spec ?? {};
  if (podCIDR && node.spec?.podCIDR !== podCIDR) {
    causes.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (providerID && node.spec?.providerID !== providerID) {
    causes.push(invalidValue('spec.providerID', node.spec?.providerID ?? '', 'field cannot be modified once set'));
  }
  return causes;
}
