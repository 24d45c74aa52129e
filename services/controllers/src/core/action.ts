import { type AnyKind, isResourceName, type ObjectOf } from '@gantry/client/api.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Namespace, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Consultation, Consulted } from './consult.ts';
import type { KindTable, ServedKind } from './kinds.ts';
import type { Measured, Measurement } from './measure.ts';

/** Any stored object that controllers handle. */
export type AnyObject = Kinds[KindName];

/** Names one object. */
export interface ObjectRef {
  readonly kind: AnyKind;
  /** Absent for kinds that are not namespaced. */
  readonly namespace?: string | undefined;
  readonly name: string;
  /** The incarnation that is meant; if absent, any. */
  readonly uid?: string | undefined;
}

/**
 * A fact that the executor asks the api for right before it carries out the action, because a view may be late and the
 * action cannot be taken back. An action whose requirement does not hold is refused with Conflict, and the key comes again.
 */
export type Requirement =
  /** No such object exists: none of the name, or one with another uid. */
  | { readonly type: 'absent'; readonly ref: ObjectRef }
  /** The object exists and nobody asked for its end. */
  | { readonly type: 'alive'; readonly ref: ObjectRef }
  /** The object exists in the state of this revision. */
  | { readonly type: 'unchanged'; readonly ref: ObjectRef; readonly resourceVersion: string }
  /** The object waits for its dependents to go before it goes itself (foreground deletion), or is gone. */
  | { readonly type: 'foreground'; readonly ref: ObjectRef }
  /** The object exists, nobody asked for its end, and its spec is that of this metadata.generation. */
  | { readonly type: 'generation'; readonly ref: ObjectRef; readonly generation: number };

interface Told {
  /**
   * Users are told about this object how the action went: SuccessfulCreate and FailedCreate, or SuccessfulDelete and
   * FailedDelete, in kube-controller-manager's words.
   */
  readonly tell?: AnyObject;
  /** The messages, where they are not the usual ones; that of a failure is followed by a colon and the error. */
  readonly told?: { readonly done: string; readonly failed: string };
}

interface Named {
  /** The kind of the object, where it is none that this program was built with: its own field tells no group. */
  readonly kind?: AnyKind;
}

interface Guarded {
  /** All of these must hold right before the action; read once for actions that run together. */
  readonly requires?: readonly Requirement[];
}

/**
 * One write, or one other effect, that a controller asks for. Reconcilers return these and touch nothing; the executor
 * carries them out in order and stops at the first that fails: the next reconcile then starts from the state that is
 * there. Neighbours of one of the types `create`, `delete` and `removeFinalizer` run together where they are of one kind (see
 * `execute`): order among them means nothing, order between groups does.
 */
export type Action =
  | ({ readonly type: 'create'; readonly object: AnyObject } & Guarded & Told)
  /** Replaces an object; fails with Conflict where it changed since it was observed. */
  | ({ readonly type: 'update'; readonly object: AnyObject } & Guarded)
  /** Replaces an object's status; fails with Conflict where it changed since it was observed. */
  | ({
      readonly type: 'updateStatus';
      readonly object: AnyObject;
      /** Annotations that are set in the same write, which makes no new generation of kinds whose annotations count for one. */
      readonly annotations?: Readonly<Record<string, string>>;
    } & Guarded)
  /**
   * Changes these parts of an object's metadata and nothing else; fails with Conflict where it changed since it was observed.
   * The one way to change objects of which a view holds the metadata alone (metadata-only.ts).
   */
  | ({
      readonly type: 'patchMetadata';
      readonly object: AnyObject;
      readonly metadata: Pick<AnyObject['metadata'], 'ownerReferences' | 'finalizers'>;
    } & Guarded &
      Named)
  /** Takes a finalizer from an object of this uid, whatever else of it changed since; done where the object is gone. */
  | ({
      readonly type: 'removeFinalizer';
      readonly object: AnyObject;
      readonly finalizer: string;
      /** Fails with Conflict where the object changed since it was observed: the decision rests on its content. */
      readonly ifUnchanged?: true;
    } & Guarded)
  /** Asks for the end of an object, of this uid only. */
  | ({
      readonly type: 'delete';
      readonly object: AnyObject;
      /** Seconds a pod gets to end; if absent, its own terminationGracePeriodSeconds. */
      readonly gracePeriodSeconds?: number;
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
      /** Fails with Conflict where the object changed since it was observed: the decision rests on its content. */
      readonly ifUnchanged?: true;
    } & Guarded &
      Named &
      Told)
  /** Replaces the finalizers in a namespace's spec; fails with Conflict where it changed since it was observed. */
  | { readonly type: 'finalize'; readonly object: Namespace; readonly finalizers: readonly string[] }
  /**
   * Asks for the end of all objects of a kind in a namespace, for kinds whose objects no view shows, and counts those that are left:
   * the controller hears of it by `observed`, whatever came of it. Never fails.
   */
  | { readonly type: 'empty'; readonly kind: AnyKind; readonly namespace: string }
  /** Reads how many replicas an object of any kind asks for: the controller hears of it by `scaleRead`. Never fails. */
  | { readonly type: 'readScale'; readonly ref: ObjectRef }
  /** Sets the replicas of an object of any kind; fails with Conflict where it asks for another number than `from` until now. */
  | ({ readonly type: 'setScale'; readonly ref: ObjectRef; readonly from: number; readonly to: number } & Guarded)
  /** Asks for numbers from outside of the cluster's objects: the controller hears of the answers, or of their absence, by `measured`. Never fails. */
  | { readonly type: 'measure'; readonly measurement: Measurement }
  /** Calls the provider of nodes and the scheduler: the controller hears of the answers, or of failures, by `consulted`. Never fails. */
  | { readonly type: 'consult'; readonly consultation: Consultation }
  /** Tells users what happened. */
  | {
      readonly type: 'event';
      readonly about: AnyObject;
      readonly eventType: 'Normal' | 'Warning';
      /** One word in CamelCase, such as ScalingReplicaSet. */
      readonly reason: string;
      readonly message: string;
    }
  /** Reconcile this key again after a while, although nothing changes. */
  | { readonly type: 'requeue'; readonly afterMs: number };

/** The cluster as a controller sees it: its informers' caches, each late by its own time. */
export interface View {
  get<K extends AnyKind>(kind: K, namespace: string | undefined, name: string): ObjectOf<K> | undefined;
  /** All objects of a kind, or those of one namespace. */
  list<K extends AnyKind>(kind: K, namespace?: string): Iterable<ObjectOf<K>>;
  /** Objects of a kind that name the owner with this uid in their ownerReferences. */
  ownedBy<K extends AnyKind>(kind: K, ownerUid: string): Iterable<ObjectOf<K>>;
  /** Objects of a kind in a namespace that no controller manages. */
  orphans<K extends AnyKind>(kind: K, namespace: string | undefined): Iterable<ObjectOf<K>>;
  /** Pods that are bound to a node. */
  podsOn(nodeName: string): Iterable<Pod>;
  /**
   * Every change of this kind up to this revision is in the view. Each kind has an informer of its own and each informer
   * lags by its own time, so a view may show a pod and not yet the node that it is bound to. Revisions are global to the
   * store: an object of another kind can be said to be absent only where `sees(view, kind, object)` holds for the object
   * that the decision goes by. 0 while the informer does not know.
   */
  revision(kind: AnyKind): number;
  /** Keys of the objects of a kind whose latest state cannot be decoded; the view shows their last readable one, if any. */
  unreadable(kind: AnyKind): ReadonlySet<string>;
  /**
   * Milliseconds for which this process has seen the pod ready without a break, by the monotonic clock. At most the true
   * time, and independent of anybody's wall clock.
   */
  readyForMs(pod: Pod): number;
  /** All kinds that are served. A controller that does not watch all kinds may find it empty. */
  readonly kinds: KindTable;
  /** True where a view of the kind exists, however late it is. */
  shows(kind: AnyKind): boolean;
  /**
   * The kind of an object whose end was seen, by its uid; undefined where none was. No uid comes back, so that it is gone for good even if its
   * kind is served no more. Kinds that are always served are not remembered.
   */
  ended(uid: string): ServedKind | undefined;
}

/** True where the view of a kind is at least as new as the object: whatever of that kind is absent now was not there when the object was written. */
export function sees(view: View, kind: AnyKind, object: AnyObject): boolean {
  return view.revision(kind) >= Number(object.metadata.resourceVersion);
}

/** Milliseconds until a key is looked at again whose view was older than an object that the decision goes by. */
const catchUpMs = 500;

/** The action of a reconcile that has to wait until a view has caught up. */
export const waitForView: Action = { type: 'requeue', afterMs: catchUpMs };

/** Names an object as it was observed, uid included. */
export function refOf(object: AnyObject, kind: AnyKind = object.kind as KindName): ObjectRef {
  const { namespace, name, uid } = object.metadata;
  return { kind, namespace, name, uid };
}

/** The part of an action that names the kind of its object, where that is needed. */
export function ofKind(kind: AnyKind): Named {
  return isResourceName(kind) ? { kind } : {};
}

/** A reconcile loop: which changes concern which keys, and what is to be done about a key. */
export interface Controller {
  /** Name in logs, metrics and events, such as deployment-controller. */
  readonly name: string;
  /** The kinds that it observes, and starts with once each of them was read. */
  readonly watches: readonly KindName[];
  /**
   * It observes the metadata of every kind that is served as well, and starts as soon as it is known which these are: `view.revision` is
   * 0 for one that could not be read yet.
   */
  readonly watchesAll?: true;
  /** The keys to reconcile because this object came, changed or went. */
  keysFor(object: AnyObject, view: View): readonly string[];
  /**
   * Milliseconds for which the keys of a change may wait, so that the changes that follow share a plan with it: for controllers whose keys have
   * thousands of dependents. 0 where this is absent. @param old the object before; undefined for one that came, went or was read anew.
   */
  batchMs?(object: AnyObject, old: AnyObject | undefined): number;
  /** Decides what to do about one key, from the view alone. Pure but for the controller's own memory. */
  reconcile(key: string, view: View, nowMs: number): readonly Action[];
  /** Hears why a plan of a key was not carried out to its end, and at which type of action, so that a later one can tell of it or do otherwise. */
  failed?(key: string, error: unknown, during: Action['type']): void;
  /** Hears what came of an `empty` action of a key. */
  observed?(key: string, remains: Remains): void;
  /** Hears what came of a `readScale` action of a key. */
  scaleRead?(key: string, ref: ObjectRef, reading: ScaleReading): void;
  /** Hears the answers to a `measure` action of a key. */
  measured?(key: string, measured: Measured): void;
  /** Hears the answers to a `consult` action of a key. */
  consulted?(key: string, consulted: Consulted): void;
}

/** The outcome of reading the scale subresource of an object. */
export type ScaleReading =
  /** It asks for so many replicas, has so many, and names its pods by this selector, which is empty where it says none. */
  | {
      readonly type: 'replicas';
      readonly uid: string;
      readonly replicas: number;
      readonly currentReplicas: number;
      readonly selector: string;
    }
  /** There is no such object, in the api's words. */
  | { readonly type: 'absent'; readonly message: string }
  /** Its kind has no scale subresource. */
  | { readonly type: 'none' }
  /** It could not be read, for this reason. */
  | { readonly type: 'problem'; readonly message: string };

/** The objects of a kind that are left in a namespace whose objects of that kind were asked to end. */
export interface Remains {
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly count: number;
  /** Number of them that each finalizer holds. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** Why they could not be deleted or counted; undefined where all was done. */
  readonly problem: string | undefined;
}

/** The key of an object: `namespace/name`, or the name alone where it has no namespace. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/** Namespace and name of a namespaced key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
