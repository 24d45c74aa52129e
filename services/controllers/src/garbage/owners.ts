import type { AnyKind } from '@gantry/client/api.ts';
import { objectKey } from '@gantry/client/object-cache.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { type AnyObject, type ObjectRef, sees, type View } from '../core/action.ts';
import { isOfKind, type ServedKind } from '../core/kinds.ts';

/** An object in a view, with its kind: its own field tells no group. */
export interface Found {
  readonly kind: ServedKind;
  readonly object: AnyObject;
}

/** An owner reference, resolved in a view. */
export type Owner =
  | ({ readonly type: 'present'; readonly reference: OwnerReference } & Found)
  /**
   * It was there no more when the dependent was written. `elsewhere`: it is in another namespace, where it cannot own. `ref` is undefined
   * where its end was seen, so that nobody need be asked.
   */
  | {
      readonly type: 'absent';
      readonly reference: OwnerReference;
      readonly ref: ObjectRef | undefined;
      readonly elsewhere: boolean;
    }
  /** The view of its kind is older than the dependent, and cannot say. */
  | { readonly type: 'late'; readonly reference: OwnerReference }
  /**
   * Nobody can say whether it exists: it cannot be decoded, its kind is not served (`unknown`, which may change), or it is in a namespace
   * and the dependent in none (`misplaced`). The dependent is left alone.
   */
  | {
      readonly type: 'unresolvable';
      readonly reference: OwnerReference;
      readonly because: 'unreadable' | 'unknown' | 'misplaced';
    };

/** Looks up the owners that an object names: by group, kind and the kind's scope, never by the kind's bare name. */
export function ownersOf(object: AnyObject, view: View): Owner[] {
  return (object.metadata.ownerReferences ?? []).map((reference) => resolve(object, reference, view));
}

/** The owners of an object that are in the view, whatever the view's age. */
export function presentOwners(object: AnyObject, view: View): Found[] {
  return ownersOf(object, view).flatMap((owner) => (owner.type === 'present' ? [owner] : []));
}

function resolve(object: AnyObject, reference: OwnerReference, view: View): Owner {
  const kind = view.kinds.of(reference);
  if (!kind?.isShown) return resolveUnknown(object, reference, view);
  if (kind.namespaced && !object.metadata.namespace) return unresolvable(reference, 'misplaced');
  const namespace = kind.namespaced ? object.metadata.namespace : undefined;
  const owner = view.get(kind.id, namespace, reference.name) as AnyObject | undefined;
  if (owner !== undefined && owner.metadata.uid === reference.uid) {
    return { type: 'present', reference, kind, object: owner };
  }
  // It is there, whatever it is.
  if (view.unreadable(kind.id).has(objectKey(namespace, reference.name))) return unresolvable(reference, 'unreadable');
  if (!sees(view, kind.id, object)) return { type: 'late', reference };
  const all: Iterable<Pick<AnyObject, 'metadata'>> = kind.namespaced ? view.list(kind.id) : [];
  const elsewhere = [...all].some(({ metadata }) => metadata.uid === reference.uid);
  const ref = { kind: kind.id, namespace, name: reference.name, uid: reference.uid };
  return { type: 'absent', reference, ref, elsewhere };
}

/** An owner of a kind that is not served, or not any more, is gone only where its end was seen. */
function resolveUnknown(object: AnyObject, reference: OwnerReference, view: View): Owner {
  const ended = view.ended(reference.uid);
  if (ended === undefined || !isOfKind(reference, ended)) return unresolvable(reference, 'unknown');
  if (ended.namespaced && !object.metadata.namespace) return unresolvable(reference, 'misplaced');
  return { type: 'absent', reference, ref: undefined, elsewhere: false };
}

function unresolvable(reference: OwnerReference, because: 'unreadable' | 'unknown' | 'misplaced'): Owner {
  return { type: 'unresolvable', reference, because };
}

/** The objects that name an object's uid, rightly or not. */
export function naming(uid: string, view: View): Found[] {
  return view.kinds.all.flatMap((kind): Found[] =>
    kind.isShown ? ([...view.ownedBy(kind.id, uid)] as AnyObject[]).map((object) => ({ kind, object })) : [],
  );
}

/** The objects that an object owns: that name it in a way in which it can be their owner. */
export function dependentsOf(owner: Found, view: View): Found[] {
  return naming(owner.object.metadata.uid!, view).filter(({ object }) => referencesTo(owner, object, view).length > 0);
}

/** The references by which an object is owned by another. */
export function referencesTo({ kind, object: owner }: Found, object: AnyObject, view: View): OwnerReference[] {
  const { uid, namespace } = owner.metadata;
  return (object.metadata.ownerReferences ?? []).filter((reference) => {
    const named = reference.uid === uid ? view.kinds.of(reference) : undefined;
    return named?.id === kind.id && (!named.namespaced || object.metadata.namespace === namespace);
  });
}

/** The key of an object of a kind. */
export function keyIn(kind: AnyKind, { metadata }: Pick<AnyObject, 'metadata'>): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}
