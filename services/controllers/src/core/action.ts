import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KindName, Kinds } from '@gantry/model/registry.ts';

/** Any stored object that controllers handle. */
export type AnyObject = Kinds[KindName];

/**
 * One thing that a controller wants done. Reconcilers return these and touch nothing; the executor carries them out,
 * in order, and stops at the first that fails: the next reconcile then starts from what is there.
 */
export type Action =
  | { readonly type: 'create'; readonly object: AnyObject }
  /** Replaces an object; fails with Conflict where it changed since it was observed. */
  | { readonly type: 'update'; readonly object: AnyObject }
  /** Replaces an object's status; fails with Conflict where it changed since it was observed. */
  | { readonly type: 'updateStatus'; readonly object: AnyObject }
  | {
      readonly type: 'delete';
      readonly object: AnyObject;
      /** Seconds a pod gets to end; its own where absent. */
      readonly gracePeriodSeconds?: number;
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
    }
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

/** What a controller sees of the cluster: its informers' caches. */
export interface View {
  get<K extends KindName>(kind: K, namespace: string | undefined, name: string): Kinds[K] | undefined;
  /** All objects of a kind, or those of one namespace. */
  list<K extends KindName>(kind: K, namespace?: string): Iterable<Kinds[K]>;
  /** Objects of a kind that name the owner with this uid in their ownerReferences. */
  ownedBy<K extends KindName>(kind: K, ownerUid: string): Iterable<Kinds[K]>;
  /** Pods that are bound to a node. */
  podsOn(nodeName: string): Iterable<Pod>;
  /** Every change of this kind up to this revision has been seen. */
  revision(kind: KindName): number;
}

/** A reconcile loop: which changes concern which keys, and what is to be done about a key. */
export interface Controller {
  /** Name in logs, metrics and events, such as deployment-controller. */
  readonly name: string;
  /** The kinds that it observes. */
  readonly watches: readonly KindName[];
  /** The keys to reconcile because this object came, changed or went. */
  keysFor(object: AnyObject, view: View): readonly string[];
  /** What is to be done about one key, from what is observed now. Pure. */
  reconcile(key: string, view: View, nowMs: number): readonly Action[];
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
