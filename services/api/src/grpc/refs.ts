import { GantryError } from '@gantry/runtime/errors.ts';
import type { ObjectRef } from '../core/api.ts';
import type { RefMessage } from './messages.ts';

/** The object that a request names. Throws BadRequest where it names none. */
export function refOf(ref: RefMessage | undefined): ObjectRef {
  const { resource = '', namespace = '', name = '' } = ref ?? {};
  if (name === '') throw required('ref.name');
  return { resource, namespace, name };
}

/** The refusal of a request that leaves a field out. */
export function required(field: string): GantryError {
  const causes = [{ reason: 'FieldValueRequired', field, message: 'Required value' }] as const;
  return new GantryError('BadRequest', `${field}: Required value`, { causes });
}

/** The refusal of a request with a wrong field. */
export function invalid(field: string, message: string): GantryError {
  const causes = [{ reason: 'FieldValueInvalid', field, message }] as const;
  return new GantryError('BadRequest', `${field}: ${message}`, { causes });
}
