import { objectKey } from '@gantry/client/object-cache.ts';
import { type KindName, kindNames } from '@gantry/model/built-in.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { type AnyObject, type ObjectRef, sees, type View } from '../core/action.ts';
import { kindOfReference } from '../core/owners.ts';

/** An owner reference, resolved in a view. */
export type Owner =
  | { readonly type: 'present'; readonly reference: OwnerReference; readonly owner: AnyObject }
  /** It was there no more when the dependent was written. `elsewhere`: it is in another namespace, where it cannot own. */
  | {
      readonly type: 'absent';
      readonly reference: OwnerReference;
      readonly ref: ObjectRef;
      readonly elsewhere: boolean;
    }
  /** The view of its kind is older than the dependent, and cannot say. */
  | { readonly type: 'late'; readonly reference: OwnerReference }
  /**
   * Nobody can say whether it exists: its group and kind are unknown, it cannot be read, or it is in a namespace and the
   * dependent in none (`misplaced`). The dependent is left alone.
   */
  | { readonly type: 'unresolvable'; readonly reference: OwnerReference; readonly misplaced: boolean };

/** Looks up the owners that an object names: by group, kind and the kind's scope, never by the kind's bare name. */
export function ownersOf(object: AnyObject, view: View): Owner[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => resolve(object, reference, view));
}

/** The owners of an object that are in the view, whatever the view's age. */
export function presentOwners(object: AnyObject, view: View): AnyObject[] {
  return ownersOf(object, view).flatMap((owner) => (owner.type === 'present' ? [owner.owner] : []));
}

function resolve(object: AnyObject, reference: OwnerReference, view: View): Owner {
  const kind = kindOfReference(reference);
  if (kind === undefined) return { type: 'unresolvable', reference, misplaced: false };
  const name = kind.kind as KindName;
  if (kind.namespaced && !object.metadata.namespace) return { type: 'unresolvable', reference, misplaced: true };
  const namespace = kind.namespaced ? object.metadata.namespace : undefined;
  const owner = view.get(name, namespace, reference.name);
  if (owner !== undefined && owner.metadata.uid === reference.uid) return { type: 'present', reference, owner };
  // It is there, whatever it is.
  if (view.unreadable(name).has(objectKey(namespace, reference.name))) {
    return { type: 'unresolvable', reference, misplaced: false };
  }
  if (!sees(view, name, object)) return { type: 'late', reference };
  const elsewhere = kind.namespaced && [...view.list(name)].some(({ metadata }) => metadata.uid === reference.uid);
  return {
    type: 'absent',
    reference,
    ref: { kind: name, namespace, name: reference.name, uid: reference.uid },
    elsewhere,
  };
}

/** The objects that an object owns: that name it in a way in which it can be their owner. */
export function dependentsOf(owner: AnyObject, view: View): AnyObject[] {
  return kindNames.flatMap((kind) => {
    const naming: Iterable<AnyObject> = view.ownedBy(kind, owner.metadata.uid!);
    return [...naming].filter((object) => referencesTo(owner, object).length > 0);
  });
}

/** The references by which an object is owned by another. */
export function referencesTo(owner: AnyObject, object: AnyObject): OwnerReference[] {
  const { uid, namespace } = owner.metadata;
  return (object.metadata.ownerReferences ?? []).filter((reference) => {
    const kind = reference.uid === uid ? kindOfReference(reference) : undefined;
    return kind?.kind === owner.kind && (!kind.namespaced || object.metadata.namespace === namespace);
  });
}
