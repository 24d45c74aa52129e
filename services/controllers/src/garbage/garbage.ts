import { type KindName, kindNames } from '@gantry/model/built-in.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  type Requirement,
  refOf,
  sees,
  type View,
  waitForView,
} from '../core/action.ts';
import { foregroundFinalizer as foreground } from '../core/live-checks.ts';
import { dependentsOf, type Owner, ownersOf, presentOwners, referencesTo } from './owners.ts';

/** Set by the api on an object whose dependents are to stay. */
const orphan = 'orphan';

/** Deletes objects whose owners are gone, and lets owners go whose dependents are settled. */
export const garbageController: Controller = {
  name: 'garbage-collector',
  watches: kindNames,

  keysFor(object: AnyObject, view: View): readonly string[] {
    const own = keyOf(object);
    const stored = view.get(object.kind as KindName, object.metadata.namespace, object.metadata.name);
    const leaving = stored?.metadata.uid !== object.metadata.uid || object.metadata.deletionTimestamp !== undefined;
    // Dependents may have to go as well, and an owner may be waiting for this one.
    const related = leaving ? [...dependentsOf(object, view), ...presentOwners(object, view)] : [];
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

/** True where every dependent that an object had when it was written is in the view, or gone since. */
function seesDependents(object: AnyObject, view: View): boolean {
  return kindNames.every((kind) => sees(view, kind, object));
}

/** Decides about a living object by its owners: it goes with the last of them, and else forgets those that are gone. */
function collect(object: AnyObject, view: View): Action[] {
  const owners = ownersOf(object, view);
  if (owners.length === 0) return [];
  const complaints = owners.filter(isInWrongNamespace).map(({ reference }) => complaint(object, reference));
  if (owners.some(({ type }) => type === 'unresolvable')) return complaints;
  if (owners.some(({ type }) => type === 'late')) return [waitForView];
  const gone = owners.filter((owner) => owner.type === 'absent');
  const waiting = owners.filter(isWaiting);
  const solid = owners.filter((owner) => owner.type === 'present' && !isWaiting(owner));
  // A deletion cannot be taken back, and users may change their minds about an owner until it is gone.
  const requires: Requirement[] = [
    ...gone.map(({ ref }) => ({ type: 'absent', ref }) as const),
    ...waiting.map(({ owner }) => ({ type: 'foreground', ref: refOf(owner) }) as const),
  ];
  if (solid.length === 0) {
    const hasDependents = dependentsOf(object, view).length > 0;
    const propagationPolicy = waiting.length > 0 && hasDependents ? 'Foreground' : policyOf(object);
    // Bound to what was seen: the object may just have been released by its owner or adopted by another one.
    return [...complaints, { type: 'delete', object, propagationPolicy, ifUnchanged: true, requires }];
  }
  if (gone.length + waiting.length === 0) return complaints;
  const ownerReferences = solid.map(({ reference }) => reference);
  return [...complaints, { type: 'patchMetadata', object, metadata: { ownerReferences }, requires }];
}

function isInWrongNamespace(owner: Owner): boolean {
  return (owner.type === 'unresolvable' && owner.misplaced) || (owner.type === 'absent' && owner.elsewhere);
}

/** Kubernetes' words for a reference that crosses namespaces, or leads from no namespace into one. */
function complaint(about: AnyObject, { apiVersion, kind, name, uid }: OwnerReference): Action {
  const namespace = about.metadata.namespace ?? '';
  const identity = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  const message = `ownerRef ${identity} does not exist in namespace ${JSON.stringify(namespace)}`;
  return { type: 'event', about, eventType: 'Warning', reason: 'OwnerRefInvalidNamespace', message };
}

/** True for an owner that is being deleted in the foreground: after its dependents. */
function isWaiting(owner: Owner): owner is Extract<Owner, { type: 'present' }> {
  if (owner.type !== 'present') return false;
  const { deletionTimestamp, finalizers = [] } = owner.owner.metadata;
  return deletionTimestamp !== undefined && finalizers.includes(foreground);
}

/** The finalizers of an object say how somebody wanted its dependents to be treated. */
function policyOf({ metadata: { finalizers = [] } }: AnyObject): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(orphan)) return 'Orphan';
  return finalizers.includes(foreground) ? 'Foreground' : 'Background';
}

/** Takes our finalizers off an object that is on its way out, once what they stand for is done. */
function release(object: AnyObject, view: View): Action[] {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(orphan) && !finalizers.includes(foreground)) return [];
  const dependents = dependentsOf(object, view);
  if (finalizers.includes(orphan) && dependents.length > 0) {
    return [...dependents.map((dependent) => released(dependent, object)), waitForView];
  }
  const isBlocked = !finalizers.includes(orphan) && dependents.some((dependent) => blocks(dependent, object));
  if (isBlocked) return [];
  // A dependent that is not in the view yet would be collected once its owner is gone.
  if (!seesDependents(object, view)) return [waitForView];
  return [withoutFinalizer(object, finalizers.includes(orphan) ? orphan : foreground)];
}

function released(object: AnyObject, owner: AnyObject): Action {
  const references = object.metadata.ownerReferences ?? [];
  const ownerReferences = references.filter(({ uid }) => uid !== owner.metadata.uid);
  return { type: 'patchMetadata', object, metadata: { ownerReferences } };
}

function blocks(dependent: AnyObject, owner: AnyObject): boolean {
  return referencesTo(owner, dependent).some(({ blockOwnerDeletion }) => blockOwnerDeletion);
}

function withoutFinalizer(object: AnyObject, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return { type: 'patchMetadata', object, metadata: { finalizers } };
}
