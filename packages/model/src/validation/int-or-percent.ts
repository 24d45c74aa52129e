/** Validation of fields that are a number of pods or a percentage of them. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { invalidValue, invalidValues, nonNegative } from './causes.ts';
import { percentProblems } from './names.ts';

/** A number from 0 on, or a percentage such as 25%. */
export function validateIntOrPercent(value: number | string, field: string): FieldCause[] {
  return typeof value === 'number' ? nonNegative(field, value) : invalidValues(field, value, percentProblems(value));
}

/** A percentage is of 100% at most. */
export function validateAtMostWhole(value: number | string, field: string): FieldCause[] {
  return typeof value === 'string' && value.endsWith('%') && numberOf(value) > 100
    ? [invalidValue(field, value, 'must not be greater than 100%')]
    : [];
}

/** The number of pods, or of percent; 0 for a text that is neither. */
export function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  return /^([0-9]+%|[-+]?[0-9]+)$/.test(value) ? Number.parseInt(value, 10) : 0;
}
