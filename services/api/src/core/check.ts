import { type Kind, usersMetadata } from '@gantry/model/kind.ts';
import { missingFields } from '@gantry/model/required.ts';
import { sameJson } from '@gantry/model/same-json.ts';
import { invalid } from '@gantry/model/validation/causes.ts';
import { validateMetadata } from '@gantry/model/validation/metadata.ts';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import { newFinalizersWhileDeleting } from './metadata.ts';
import type { AnyObject } from './stored-object.ts';

// Checks beside the model's validation of whole objects. All throw Invalid.

/** Refuses what may not be changed of an object whose end was asked for. */
export function checkWhileDeleting(kind: Kind, object: AnyObject, stored: AnyObject): void {
  refuse(kind, object, newFinalizersWhileDeleting(object, stored));
}

/** Validates a new status, and the metadata that came with it. */
export function checkStatusUpdate(kind: Kind, object: AnyObject, stored: AnyObject): void {
  const isChanged = usersMetadata.some((part) => !sameJson(object.metadata[part], stored.metadata[part]));
  refuse(kind, object, [
    ...(isChanged ? [...newFinalizersWhileDeleting(object, stored), ...validateMetadata(kind, object.metadata)] : []),
    ...missingFields(kind, object),
    ...(kind.validateStatus?.(object, stored) ?? []),
  ]);
}

function refuse(kind: Kind, object: AnyObject, causes: readonly FieldCause[]): void {
  if (causes.length > 0) throw invalid(kind, object.metadata.name || object.metadata.generateName || '', causes);
}
