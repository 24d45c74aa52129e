import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { AnyObject } from './action.ts';

/** The reference of an object's managing owner, where it has one. */
export function controllerOf(object: AnyObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** A reference that makes `owner` the managing owner. */
export function controllerReference(owner: AnyObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid!,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The key of the managing owner where it is of this kind. */
export function ownerKey(object: AnyObject, kind: string): string[] {
  const reference = controllerOf(object);
  return reference?.kind === kind ? [`${object.metadata.namespace}/${reference.name}`] : [];
}
