import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { type KindName, kindNames } from '@gantry/model/registry.ts';
import type { Action, AnyObject, Controller, View } from '../core/action.ts';

/** Set by the api on an object that is to go after its dependents. */
const foreground = 'foregroundDeletion';
/** Set by the api on an object whose dependents are to stay. */
const orphan = 'orphan';
/** How long to wait for informers that are behind an object before looking at it again. */
const catchUpMs = 1000;

/** Deletes objects whose owners are gone, and lets owners go whose dependents are settled. */
export const garbageController: Controller = {
  name: 'garbage-collector',
  watches: kindNames,

  keysFor(object: AnyObject, view: View): readonly string[] {
    const own = keyOf(object);
    const stored = view.get(object.kind as KindName, object.metadata.namespace, object.metadata.name);
    const leaving = stored?.metadata.uid !== object.metadata.uid || object.metadata.deletionTimestamp !== undefined;
    const related = [
      ...(leaving ? dependentsOf(object, view) : []),
      // An owner may be waiting for this one.
      ...(leaving ? ownersOf(object, view).flatMap(({ owner }) => owner ?? []) : []),
    ];
    const concerned = leaving || object.metadata.ownerReferences !== undefined;
    return [...(concerned ? [own] : []), ...related.map(keyOf)];
  },

  reconcile(key: string, view: View): readonly Action[] {
    const [kind, namespace, name] = key.split('/') as [KindName, string, string];
    const object = view.get(kind, namespace || undefined, name);
    if (object === undefined) return [];
    if (object.metadata.deletionTimestamp !== undefined) return release(object, view);
    return collect(object, view);
  },
};

function keyOf(object: AnyObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

interface Owner {
  readonly reference: OwnerReference;
  /** Undefined where it does not exist. */
  readonly owner: AnyObject | undefined;
  /** True where what the informer says of it is at least as new as the dependent. */
  readonly certain: boolean;
}

function isKnown(kind: string): kind is KindName {
  return (kindNames as readonly string[]).includes(kind);
}

/** An object's owners; those of kinds that nobody here knows are left out, and so their dependents are left alone. */
function ownersOf(object: AnyObject, view: View): Owner[] {
  return (object.metadata.ownerReferences ?? []).flatMap((reference) => {
    if (!isKnown(reference.kind)) return [];
    const named =
      view.get(reference.kind, object.metadata.namespace, reference.name) ??
      view.get(reference.kind, undefined, reference.name);
    const owner = named?.metadata.uid === reference.uid ? named : undefined;
    const certain = view.revision(reference.kind) >= Number(object.metadata.resourceVersion);
    return [{ reference, owner, certain }];
  });
}

function dependentsOf(object: AnyObject, view: View): AnyObject[] {
  return kindNames.flatMap((kind): AnyObject[] => [...view.ownedBy(kind, object.metadata.uid!)]);
}

/** What becomes of a living object, going by its owners. */
function collect(object: AnyObject, view: View): Action[] {
  const references = object.metadata.ownerReferences ?? [];
  const owners = ownersOf(object, view);
  if (references.length === 0 || owners.length < references.length) return [];
  const gone = owners.filter(({ owner }) => owner === undefined);
  if (gone.some(({ certain }) => !certain)) return [{ type: 'requeue', afterMs: catchUpMs }];
  const waiting = owners.filter(({ owner }) => isWaiting(owner));
  const solid = owners.filter(({ owner }) => owner !== undefined && !isWaiting(owner));
  if (solid.length === 0) {
    const hasDependents = dependentsOf(object, view).length > 0;
    return [
      { type: 'delete', object, propagationPolicy: waiting.length > 0 && hasDependents ? 'Foreground' : 'Background' },
    ];
  }
  if (gone.length + waiting.length === 0) return [];
  return [
    {
      type: 'update',
      object: withReferences(
        object,
        solid.map(({ reference }) => reference),
      ),
    },
  ];
}

function isWaiting(owner: AnyObject | undefined): boolean {
  return owner?.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(foreground);
}

function withReferences(object: AnyObject, ownerReferences: OwnerReference[]): AnyObject {
  return { ...object, metadata: { ...object.metadata, ownerReferences } } as AnyObject;
}

/** Takes our finalizers off an object that is on its way out, once what they stand for is done. */
function release(object: AnyObject, view: View): Action[] {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(orphan)) {
    const dependents = dependentsOf(object, view);
    if (dependents.length === 0) return [withoutFinalizer(object, orphan)];
    return dependents.map((dependent) => {
      const kept = (dependent.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== object.metadata.uid);
      return { type: 'update', object: withReferences(dependent, kept) };
    });
  }
  if (!finalizers.includes(foreground)) return [];
  const blocking = dependentsOf(object, view).some((dependent) =>
    dependent.metadata.ownerReferences?.some(
      (reference) => reference.uid === object.metadata.uid && reference.blockOwnerDeletion,
    ),
  );
  return blocking ? [] : [withoutFinalizer(object, foreground)];
}

function withoutFinalizer(object: AnyObject, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return { type: 'update', object: { ...object, metadata: { ...object.metadata, finalizers } } as AnyObject };
}
