import type { KindName } from '@gantry/model/built-in.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { type Action, type AnyObject, ofKind, refOf, sees, type View } from './action.ts';
import { controllerReference } from './owners.ts';

/** The objects of a kind that belong to an owner, and what makes the references say so. */
export interface Claims<T> {
  /** Objects that the owner manages and selects, those that it is about to adopt among them. */
  readonly members: readonly T[];
  /** Adopts selected objects that nobody manages, and releases managed ones that are not selected any more. */
  readonly actions: readonly Action[];
  /**
   * True where the view of the owner is older than an orphan: the orphan may have been released because the owner is being deleted.
   * Nothing is to be decided until the view has caught up.
   */
  readonly isStale: boolean;
}

/**
 * Decides which objects of a kind belong to an owner, by Kubernetes' rules: it manages what it selects. An owner that is being deleted
 * adopts and releases nothing, and nobody adopts an object that is being deleted.
 *
 * @param mayAdopt narrows down the orphans that are adopted, such as to pods that have not ended.
 */
export function claimsOf<T extends AnyObject>(
  owner: AnyObject,
  kind: T['kind'] & KindName,
  selects: (object: T) => boolean,
  view: View,
  mayAdopt: (object: T) => boolean = () => true,
): Claims<T> {
  const { namespace, uid, deletionTimestamp } = owner.metadata;
  const owned = ([...view.ownedBy(kind, uid!)] as AnyObject[]).filter((object) => isManagedBy(object, owner)) as T[];
  const { kept, released } = partition(owned, selects);
  if (deletionTimestamp !== undefined) return { members: kept, actions: [], isStale: false };
  const orphans = ([...view.orphans(kind, namespace)] as AnyObject[] as T[]).filter(
    (object) => object.metadata.deletionTimestamp === undefined && selects(object) && mayAdopt(object),
  );
  return {
    members: [...kept, ...orphans],
    actions: [
      ...orphans.map((object) => adoption(object, owner)),
      ...released.map((object) => withOwners(object, othersThan(object, owner))),
    ],
    isStale: orphans.some((object) => !sees(view, owner.kind as KindName, object)),
  };
}

function partition<T>(objects: readonly T[], keep: (object: T) => boolean): { kept: T[]; released: T[] } {
  const [kept, released]: [T[], T[]] = [[], []];
  for (const object of objects) (keep(object) ? kept : released).push(object);
  return { kept, released };
}

/** True where the owner is the object's controller. */
export function isManagedBy(object: AnyObject, owner: AnyObject): boolean {
  const { uid } = owner.metadata;
  return (
    object.metadata.ownerReferences?.some((reference) => reference.controller === true && reference.uid === uid) ??
    false
  );
}

function adoption(object: AnyObject, owner: AnyObject): Action {
  const owners = [...othersThan(object, owner), controllerReference(owner)];
  return { ...withOwners(object, owners), requires: [{ type: 'alive', ref: refOf(owner) }] };
}

function othersThan(object: AnyObject, owner: AnyObject): OwnerReference[] {
  return (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
}

function withOwners(object: AnyObject, ownerReferences: OwnerReference[]): Extract<Action, { type: 'patchMetadata' }> {
  return { type: 'patchMetadata', object, metadata: { ownerReferences }, ...ofKind(object.kind as KindName) };
}
