import type { Kind } from '@gantry/model/kind.ts';
import { missingFields } from '@gantry/model/required.ts';
import { type FieldCause, GantryError } from '@gantry/runtime/errors.ts';
import { infoOf } from './keys.ts';
import { newFinalizersWhileDeleting } from './metadata.ts';
import type { AnyObject } from './storedObject.ts';

// The steps default and validate. All problems of an object are told at once.

/** Defaults and validates a new object, in place. Throws Invalid. */
export function checkCreation(kind: Kind, object: AnyObject): void {
  checkComplete(kind, object);
  kind.setDefaults(object);
  kind.prepareForCreate?.(object);
  refuse(kind, object, kind.validate(object));
}

/** Refuses an object that lacks what its kind requires: everything that looks into it relies on that being there. */
export function checkComplete(kind: Kind, object: AnyObject): void {
  refuse(kind, object, missingFields(kind, object));
}

/** Defaults and validates a replacement that is complete, in place. Throws Invalid. */
export function checkUpdate(kind: Kind, object: AnyObject, stored: AnyObject): void {
  kind.setDefaults(object);
  kind.prepareForUpdate?.(object, stored);
  refuse(kind, object, [
    ...newFinalizersWhileDeleting(object, stored),
    ...kind.validate(object),
    ...(kind.validateUpdate?.(object, stored) ?? []),
  ]);
}

/** Validates a new status. Throws Invalid. */
export function checkStatusUpdate(kind: Kind, object: AnyObject, stored: AnyObject): void {
  checkComplete(kind, object);
  refuse(kind, object, kind.validateStatus?.(object, stored) ?? []);
}

/** `Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: …`, as Kubernetes words it. */
function refuse(kind: Kind, object: AnyObject, causes: readonly FieldCause[]): void {
  if (causes.length === 0) return;
  const { name = '', generateName = '' } = object.metadata;
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const problems = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  throw new GantryError('Invalid', `${qualified} "${name || generateName}" is invalid: ${problems}`, {
    causes,
    resource: infoOf(kind, name),
  });
}
