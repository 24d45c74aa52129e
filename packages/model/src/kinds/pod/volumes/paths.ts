import type { FieldCause } from '@gantry/runtime/errors.ts';
import { invalidValue } from '../../../validation/causes.ts';

/** A path inside of a volume: relative, and never out of it. */
export function validateInnerPath(value: string, field: string): FieldCause[] {
  const causes = value.startsWith('/') ? [invalidValue(field, value, 'must be a relative path')] : [];
  return [...causes, ...validateNoBacksteps(value, field)];
}

/** A path without steps back. */
export function validateNoBacksteps(value: string, field: string): FieldCause[] {
  return value.split('/').includes('..') ? [invalidValue(field, value, "must not contain '..'")] : [];
}

/** A path of a file that is made inside of a volume; names that start with two dots are the volume's own. */
export function validateFilePath(value: string, field: string): FieldCause[] {
  const causes = validateInnerPath(value, field);
  if (causes.length > 0 || !value.startsWith('..')) return causes;
  return [invalidValue(field, value, "must not start with '..'")];
}
