/** Validation of whole objects, in the one order in which its steps may lean on each other. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Kind, KubeObject } from '../kind.ts';
import { missingFields } from '../required.ts';
import { invalid } from './causes.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';

/**
 * Makes a new object complete, in place: required fields, then defaults, then what the server sets, then validation. Defaults
 * and validation rely on required fields, so nothing follows where one is missing. Throws Invalid with all causes.
 */
export function completeNew<T extends KubeObject>(kind: Kind<T>, object: T): void {
  refuse(kind, object, missingFields(kind, object));
  kind.setDefaults(object);
  kind.prepareForCreate?.(object);
  refuse(kind, object, validateObject(kind, object));
}

/** Makes a replacement of a stored object complete, in place, in the same order. Throws Invalid with all causes. */
export function completeUpdate<T extends KubeObject>(kind: Kind<T>, object: T, stored: T): void {
  refuse(kind, object, missingFields(kind, object));
  kind.setDefaults(object);
  kind.prepareForUpdate?.(object, stored);
  refuse(kind, object, validateUpdate(kind, object, stored));
}

/** What is wrong with an object that has its required fields and defaults. */
export function validateObject<T extends KubeObject>(kind: Kind<T>, object: T): FieldCause[] {
  const own = kind.validate(object);
  // A kind that is stricter about names tells of them better.
  const namesItself = own.some(({ field }) => field === 'metadata.name');
  const common = validateMetadata(kind, object.metadata);
  return [...(namesItself ? common.filter(({ field }) => field !== 'metadata.name') : common), ...own];
}

/** What is wrong with a replacement of a stored object, and with the change. */
export function validateUpdate<T extends KubeObject>(kind: Kind<T>, object: T, stored: T): FieldCause[] {
  return [
    ...validateMetadataUpdate(object.metadata, stored.metadata),
    ...validateObject(kind, object),
    ...(kind.validateUpdate?.(object, stored) ?? []),
  ];
}

function refuse<T extends KubeObject>(kind: Kind<T>, object: T, causes: readonly FieldCause[]): void {
  if (causes.length === 0) return;
  const { name, generateName } = object.metadata ?? {};
  throw invalid(kind, name || generateName || '', causes);
}
