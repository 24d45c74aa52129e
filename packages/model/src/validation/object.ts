/** Validation of whole objects, in the one order in which its steps may lean on each other. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Kind, KubeObject, ServedVersion } from '../kind.ts';
import { schemaOf } from '../message-types.ts';
import { missingFields } from '../required.ts';
import { fillZeros } from '../zeros.ts';
import { invalid } from './causes.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';

/**
 * Makes a new object complete, in place: defaults, then what the server sets, then validation. Throws Invalid with all causes.
 * The object comes from the decoder, so that whatever its kind requires is there, be it with a zero value.
 * @param form The form in which it came, where that is not the stored one.
 */
export function completeNew<T extends KubeObject>(kind: Kind<T>, object: T, form?: ServedVersion): void {
  kind.setDefaults(object);
  finishNew(kind, object, form);
}

/** Makes a new object complete that has its defaults: the other steps of completeNew. */
export function finishNew<T extends KubeObject>(kind: Kind<T>, object: T, form?: ServedVersion): void {
  kind.prepareForCreate?.(object);
  fillZeros(schemaOf(kind), object);
  refuse(kind, object, [
    ...validateObject(kind, object),
    ...(kind.validateCreate?.(object) ?? []),
    ...(form?.validate?.(object, undefined) ?? []),
  ]);
}

/** Makes a replacement of a stored object complete that has its defaults, in place, in the same order. Throws Invalid with all causes. */
export function finishUpdate<T extends KubeObject>(
  kind: Kind<T>,
  object: T,
  stored: T,
  nowMs: number,
  form?: ServedVersion,
): void {
  kind.prepareForUpdate?.(object, stored, nowMs);
  fillZeros(schemaOf(kind), object);
  refuse(kind, object, [...validateUpdate(kind, object, stored), ...(form?.validate?.(object, stored) ?? [])]);
}

/** Everything that is wrong with an object that was decoded and has its defaults. */
export function validateObject<T extends KubeObject>(kind: Kind<T>, object: T): FieldCause[] {
  const own = kind.validate(object);
  // A kind that is stricter about names tells of them better.
  const namesItself = own.some(({ field }) => field === 'metadata.name');
  const common = validateMetadata(kind, object.metadata);
  const found = [...(namesItself ? common.filter(({ field }) => field !== 'metadata.name') : common), ...own];
  return withMissing(missingFields(kind, object), found);
}

/** One cause a missing field: validation's where it says what the field must be, else that it is missing, and not what is wrong with its zero. */
function withMissing(missing: readonly FieldCause[], found: readonly FieldCause[]): FieldCause[] {
  const explained = new Set(found.filter(({ reason }) => reason !== 'FieldValueInvalid').map(({ field }) => field));
  const unexplained = missing.filter(({ field }) => !explained.has(field));
  const fields = new Set(unexplained.map(({ field }) => field));
  return [...unexplained, ...found.filter(({ field }) => !fields.has(field))];
}

/** Validates a replacement of a stored object, and the change. */
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
