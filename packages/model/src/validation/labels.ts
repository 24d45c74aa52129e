/** Validation of labels and selectors of labels. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../gen/gantry.meta.v1.ts';
import { forbidden, invalidValue, invalidValues, required } from './causes.ts';
import { labelValueProblems, qualifiedNameProblems } from './names.ts';

/** A key of labels, or of anything that is named alike. */
export function validateLabelKey(key: string, field: string): FieldCause[] {
  return invalidValues(field, key, qualifiedNameProblems(key));
}

/** Labels. Each cause is of the whole map, and shows the key or value that is wrong. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): FieldCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateLabelKey(key, field),
    ...invalidValues(field, value, labelValueProblems(value)),
  ]);
}

/** A selector object; an absent one is right. */
export function validateLabelSelector(selector: LabelSelector | undefined, field: string): FieldCause[] {
  if (selector === undefined) return [];
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((requirement, index) =>
      validateRequirement(requirement, `${field}.matchExpressions[${index}]`),
    ),
  ];
}

function validateRequirement({ key, operator, values = [] }: LabelSelectorRequirement, field: string): FieldCause[] {
  return [
    ...validateOperator(operator, values, field),
    ...validateLabelKey(key, `${field}.key`),
    ...values.flatMap((value, index) => invalidValues(`${field}.values[${index}]`, value, labelValueProblems(value))),
  ];
}

function validateOperator(operator: string, values: readonly string[], field: string): FieldCause[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return [invalidValue(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}
