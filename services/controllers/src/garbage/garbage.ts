import { type AnyKind, isResourceName } from '@gantry/client/api.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  ofKind,
  type Requirement,
  refOf,
  sees,
  type View,
  waitForView,
} from '../core/action.ts';
import { foregroundFinalizer as foreground } from '../core/live-checks.ts';
import {
  dependentsOf,
  type Found,
  keyIn,
  naming,
  type Owner,
  ownersOf,
  presentOwners,
  referencesTo,
} from './owners.ts';

/** Set by the api on an object whose dependents are to stay. */
const orphan = 'orphan';
/** Milliseconds until an object is looked at again that has to do with objects of a kind which may come or leave. */
const unknownKindMs = 30_000;

/**
 * Deletes objects whose owners are gone, and lets owners go whose dependents are settled. Of every kind that is served: those of
 * CustomResourceDefinitions come and go. Where nobody can know whether an owner exists, nothing is deleted.
 */
export const garbageController: Controller = {
  name: 'garbage-collector',
  watches: [],
  watchesAll: true,

  keysFor(object: AnyObject, view: View): readonly string[] {
    // Undefined where its kind is served no more; those that it owned go all the same.
    const kind = view.kinds.of(object);
    const { namespace, name, uid } = object.metadata;
    const stored = kind === undefined ? undefined : view.get(kind.id, namespace, name);
    const leaving = stored?.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined;
    // Dependents may have to go as well, and an owner may be waiting for this one.
    const related = leaving ? [...naming(uid!, view), ...presentOwners(object, view)] : [];
    const concerned = kind !== undefined && (leaving || object.metadata.ownerReferences !== undefined);
    return [...(concerned ? [keyIn(kind.id, object)] : []), ...related.map((each) => keyIn(each.kind.id, each.object))];
  },

  reconcile(key: string, view: View): readonly Action[] {
    const [id, namespace, name] = key.split('/') as [AnyKind, string, string];
    const object = view.get(id, namespace || undefined, name) as AnyObject | undefined;
    const kind = object === undefined ? undefined : view.kinds.of(object);
    if (object === undefined || kind === undefined) return [];
    const found = { kind, object };
    return object.metadata.deletionTimestamp === undefined ? collect(found, view) : release(found, view);
  },
};

/** True where every dependent that an object had when it was written is in the view, or gone since. */
function seesDependents(object: AnyObject, view: View): boolean {
  return view.kinds.all.every(({ id, isShown }) => !isShown || sees(view, id, object));
}

/** Decides about a living object by its owners: it goes with the last of them, and else forgets those that are gone. */
function collect(found: Found, view: View): readonly Action[] {
  const { kind, object } = found;
  const owners = ownersOf(object, view);
  if (owners.length === 0) return [];
  const complaints = owners.filter(isInWrongNamespace).map(({ reference }) => complaint(object, reference));
  const unresolvable = owners.filter((owner) => owner.type === 'unresolvable');
  if (unresolvable.length > 0) {
    const mayCome = unresolvable.some(({ because }) => because === 'unknown');
    return mayCome ? [...complaints, { type: 'requeue', afterMs: unknownKindMs }] : complaints;
  }
  if (owners.some(({ type }) => type === 'late')) return [waitForView];
  const gone = owners.filter((owner) => owner.type === 'absent');
  const waiting = owners.filter(isWaiting);
  const solid = owners.filter((owner) => owner.type === 'present' && !isWaiting(owner));
  // A deletion cannot be taken back, and users may change their minds about an owner until it is gone.
  const requires: Requirement[] = [
    ...gone.flatMap(({ ref }) => (ref === undefined ? [] : [{ type: 'absent', ref } as const])),
    ...waiting.map((owner) => ({ type: 'foreground', ref: refOf(owner.object, owner.kind.id) }) as const),
  ];
  if (solid.length === 0) return [...complaints, ...removal(found, view, waiting.length > 0, requires)];
  if (gone.length + waiting.length === 0) return complaints;
  const ownerReferences = solid.map(({ reference }) => reference);
  return [
    ...complaints,
    { type: 'patchMetadata', object, ...ofKind(kind.id), metadata: { ownerReferences }, requires },
  ];
}

/** The end of an object whose last owners are gone, or wait for it. */
function removal(found: Found, view: View, isAwaited: boolean, requires: readonly Requirement[]): Action[] {
  const { kind, object } = found;
  const dependents = dependentsOf(found, view);
  const propagationPolicy = isAwaited && dependents.length > 0 ? 'Foreground' : policyOf(object);
  const named = { object, ...ofKind(kind.id) };
  // A dependent that waits for its own dependents may be an owner of this one's owners: in a circle, each would wait for the next for ever.
  const isInCircle = isAwaited && dependents.some((dependent) => waits(dependent.object));
  const references = object.metadata.ownerReferences ?? [];
  const unblocked: Action[] =
    isInCircle && references.some(({ blockOwnerDeletion }) => blockOwnerDeletion)
      ? [{ type: 'patchMetadata', ...named, metadata: { ownerReferences: references.map(unblocking) }, requires }]
      : [];
  // Bound to what was seen: the object may just have been released by its owner or adopted by another one.
  return [...unblocked, { type: 'delete', ...named, propagationPolicy, ifUnchanged: true, requires }];
}

function unblocking(reference: OwnerReference): OwnerReference {
  return { ...reference, blockOwnerDeletion: false };
}

function isInWrongNamespace(owner: Owner): boolean {
  return owner.type === 'unresolvable' ? owner.because === 'misplaced' : owner.type === 'absent' && owner.elsewhere;
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
  return owner.type === 'present' && waits(owner.object);
}

function waits({ metadata: { deletionTimestamp, finalizers = [] } }: AnyObject): boolean {
  return deletionTimestamp !== undefined && finalizers.includes(foreground);
}

/** The finalizers of an object say how somebody wanted its dependents to be treated. */
function policyOf({ metadata: { finalizers = [] } }: AnyObject): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(orphan)) return 'Orphan';
  return finalizers.includes(foreground) ? 'Foreground' : 'Background';
}

/** Takes our finalizers off an object that is on its way out, once what they stand for is done. */
function release(found: Found, view: View): Action[] {
  const { object } = found;
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(orphan) && !finalizers.includes(foreground)) return [];
  const dependents = dependentsOf(found, view);
  if (finalizers.includes(orphan) && dependents.length > 0) {
    return [...dependents.map((dependent) => released(dependent, object)), waitForView];
  }
  const blocking = finalizers.includes(orphan) ? [] : dependents.filter((dependent) => blocks(dependent, found, view));
  if (blocking.length > 0) {
    // The end of each has this one looked at. A kind that is served no more takes its objects with it, and nobody hears of their ends.
    const mayLeave = blocking.some(({ kind }) => isResourceName(kind.id));
    return mayLeave ? [{ type: 'requeue', afterMs: unknownKindMs }] : [];
  }
  // A dependent that is not in the view yet would be collected once its owner is gone.
  if (!seesDependents(object, view)) return [waitForView];
  return [withoutFinalizer(found, finalizers.includes(orphan) ? orphan : foreground)];
}

function released({ kind, object }: Found, owner: AnyObject): Action {
  const references = object.metadata.ownerReferences ?? [];
  const ownerReferences = references.filter(({ uid }) => uid !== owner.metadata.uid);
  return { type: 'patchMetadata', object, ...ofKind(kind.id), metadata: { ownerReferences } };
}

function blocks({ object }: Found, owner: Found, view: View): boolean {
  return referencesTo(owner, object, view).some(({ blockOwnerDeletion }) => blockOwnerDeletion);
}

function withoutFinalizer({ kind, object }: Found, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return { type: 'patchMetadata', object, ...ofKind(kind.id), metadata: { finalizers } };
}
