import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PriorityClass } from '../../gen/gantry.scheduling.v1.ts';
import { forbidden, immutable, oneOf } from '../../validation/causes.ts';
import { highestUserPriority, systemPrefix, systemPriorityClasses } from './system.ts';

/** Values of preemptionPolicy, of classes and pods. */
const preemptionPolicies = ['Never', 'PreemptLowerPriority'];

/** Validates a priority class. */
export function validatePriorityClass(priorityClass: PriorityClass): FieldCause[] {
  const { metadata, value = 0, preemptionPolicy } = priorityClass;
  const causes: FieldCause[] = [];
  if (metadata.name?.startsWith(systemPrefix)) {
    const problem = systemProblem(priorityClass);
    const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${problem}`;
    if (problem !== undefined) causes.push(forbidden('metadata.name', text));
  } else if (value > highestUserPriority) {
    causes.push(forbidden('value', `maximum allowed value of a user defined priority is ${highestUserPriority}`));
  }
  return [...causes, ...oneOf('preemptionPolicy', preemptionPolicy, preemptionPolicies)];
}

/** Validates the immutable fields of a priority class: pods have their priority from it already. */
export function validatePriorityClassUpdate(object: PriorityClass, stored: PriorityClass): FieldCause[] {
  const { value = 0, preemptionPolicy } = object;
  return [
    ...(value === (stored.value ?? 0) ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(preemptionPolicy === stored.preemptionPolicy ? [] : [immutable('preemptionPolicy', preemptionPolicy)]),
  ];
}

function systemProblem({ metadata, value = 0, globalDefault = false }: PriorityClass): string | undefined {
  const { name } = metadata;
  const known = systemPriorityClasses.find((one) => one.metadata.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
