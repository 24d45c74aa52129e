import { builtIn, type KindName } from '@gantry/model/built-in.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { Kind } from '@gantry/model/kind.ts';
import type { AnyObject } from './action.ts';

/** The reference to an object's controller (its managing owner), if it has one. */
export function controllerOf(object: AnyObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** A reference that makes `owner` the controller. */
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

/** The key of the controller if it is of this kind. */
export function ownerKey(object: AnyObject, kind: KindName): string[] {
  const reference = controllerOf(object);
  const isOfKind = reference !== undefined && kindOfReference(reference)?.kind === kind;
  return isOfKind ? [`${object.metadata.namespace}/${reference.name}`] : [];
}

/** The kind that a reference names by its group and kind, whatever the version; undefined for one that nobody knows. */
export function kindOfReference({ apiVersion, kind }: OwnerReference): Kind | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return builtIn.kindOf(group, kind);
}
