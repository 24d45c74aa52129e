import { type KindName, type Kinds, kindOf } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { resourceOf } from '@gantry/model/registry.ts';

/**
 * A resource with its group, such as widgets.example.com, for kinds that the program was not built with. Its objects come as JSON.
 * Groups of such kinds are never empty, so that there is always a dot, which names of kinds never have.
 */
export type ResourceName = `${string}.${string}`;

/** A kind that the program was built with by its name, or any kind by its resource. */
export type AnyKind = KindName | ResourceName;

/** The type of a kind's objects. */
export type ObjectOf<K extends AnyKind> = (Kinds & { [resource: ResourceName]: KubeObject })[K];

/** The resource of a kind, as requests name it. */
export function resourceNameOf(kind: AnyKind): string {
  return isResourceName(kind) ? kind : resourceOf(kindOf(kind));
}

/** True for the resource of a kind that the program was not built with, false for the name of one that it was. */
export function isResourceName(kind: AnyKind): kind is ResourceName {
  return kind.includes('.');
}

/** Names one object of a kind. */
export interface ObjectName {
  /** Absent for kinds that are not namespaced. */
  readonly namespace?: string;
  readonly name: string;
}

/** The objects that a list or watch is about. */
export interface Query {
  /** All namespaces by default. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * The objects come with apiVersion, kind and metadata alone, whatever their type says: cheap to send and to keep, and
   * never converted.
   */
  readonly metadataOnly?: boolean;
}

export interface WatchQuery extends Query {
  readonly resourceVersion: number;
  /** Bookmarks follow changes of whatever resource within half a second: for decisions that depend on how new a view is. */
  readonly prompt?: boolean;
}

export interface ListPage<T> {
  readonly items: T[];
  /** Revision that the page is the state of. */
  readonly resourceVersion: number;
  /** Token of the next page; absent on the last. */
  readonly continue?: string;
  /** Objects that belong into the page and that the api cannot decode; absent where there are none. See Client.getRaw. */
  readonly damaged?: readonly DamagedObject[];
}

/** An object whose stored text cannot be decoded. It is in no list and no watch, and can be deleted. */
export interface DamagedObject {
  /** Resource with its group, such as deployments.apps. */
  readonly resource: string;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: number;
  /** Why it cannot be decoded. */
  readonly problem: string;
}

/** The scale of an object. */
export interface Scale {
  /** Of the object. */
  readonly uid: string;
  /** Replicas that it asks for. */
  readonly replicas: number;
  /** Replicas that it has. */
  readonly currentReplicas: number;
  /** Selector of its pods, as text; empty where it names none. */
  readonly selector: string;
}

/** Other replicas for an object. */
export interface ScaleChange {
  /** Of the object that is meant; if absent, any of the name. */
  readonly uid?: string | undefined;
  /** Replicas that it must ask for until now; if absent, any number. */
  readonly expectedReplicas?: number;
  /** Replicas that it is to ask for. */
  readonly replicas: number;
}

/** An object as the store has it. */
export interface RawObject {
  readonly resourceVersion: number;
  /** JSON, unless it is damaged. */
  readonly text: string;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T; readonly resourceVersion: number }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: number };

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the call fails with Timeout; 30,000 by default; watches have none. */
  readonly timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  readonly dryRun?: boolean;
}

/** Options of an apply. */
export interface ApplyOptions extends WriteOptions {
  /** Field manager that is to own what the manifest sets, by server-side apply. */
  readonly fieldManager?: string;
  /** Takes fields from other managers; with fieldManager alone. */
  readonly force?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export type DeleteCollectionOptions = Omit<DeleteOptions, 'uid' | 'resourceVersion'>;

/** A resource that the api serves. */
export interface ServedResource {
  /** Plural name with its group, such as pods or widgets.example.com. */
  readonly resource: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Version in which objects of this resource come. */
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly categories: readonly string[];
  /** All versions of its group in which it is served, the preferred one first. */
  readonly versions: readonly string[];
}

/** A group and version whose resources nobody can tell at present. */
export interface UnknownResources {
  readonly group: string;
  readonly version: string;
  readonly problem: string;
}

/** All that the api serves at one time. */
export interface ServedResources {
  readonly resources: readonly ServedResource[];
  readonly unknown: readonly UnknownResources[];
}

export type PatchType = 'json' | 'merge' | 'strategic';

/** Reads objects. Every method rejects with a GantryError. */
export interface Reader {
  /** One object, with its metadata alone where `metadataOnly` is set. */
  get<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    options?: CallOptions & { readonly metadataOnly?: boolean },
  ): Promise<ObjectOf<K>>;
  list<K extends AnyKind>(
    kind: K,
    query?: Query & { readonly limit?: number; readonly continue?: string },
    options?: CallOptions,
  ): Promise<ListPage<ObjectOf<K>>>;
  /** Changes after `resourceVersion`; 0 sends what exists as ADDED, then a BOOKMARK, then changes. */
  watch<K extends AnyKind>(kind: K, query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent<ObjectOf<K>>>;
}

/** Reads scales. */
export interface ScaleReader {
  /** The replicas that an object asks for, by its scale subresource; undefined where its kind has none. */
  getScale(kind: AnyKind, name: ObjectName, options?: CallOptions): Promise<Scale | undefined>;
}

/** Sets scales. */
export interface ScaleWriter {
  /** Sets the replicas of an object by its scale subresource. Rejects with Conflict where it is not as the change expects. */
  updateScale(kind: AnyKind, name: ObjectName, change: ScaleChange, options?: WriteOptions): Promise<Scale>;
}

/** Options of a replacement. */
export interface UpdateOptions extends WriteOptions {
  /** The part that is replaced alone, such as `resize` of a pod. */
  readonly subresource?: string;
}

/** Writes objects. */
export interface Writer {
  create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  /** Creates objects, each on its own, at most 1,024 at a time; one result each, in order. */
  createBatch(objects: readonly KubeObject[], options?: WriteOptions): Promise<CreateResult[]>;
  /** Replaces an object but for its status; with a subresource, that part of it alone. */
  update<T extends KubeObject>(object: T, options?: UpdateOptions): Promise<T>;
  updateStatus<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  patch<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
    options?: WriteOptions,
  ): Promise<ObjectOf<K>>;
  apply(
    manifest: string | Uint8Array,
    options?: ApplyOptions & { readonly defaultNamespace?: string },
  ): Promise<{ readonly object: KubeObject; readonly outcome: 'created' | 'configured' | 'unchanged' }>;
  delete<K extends AnyKind>(
    kind: K,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<{ readonly object: ObjectOf<K>; readonly gone: boolean }>;
  /** Patches and deletes objects, each on its own, at most 1,024 at a time; one result each, in order. */
  changeBatch(changes: readonly Change[], options?: WriteOptions): Promise<ChangeResult[]>;
  /** Asks for the end of all objects of a query. Resolves when each was asked; stops at the first refusal. */
  deleteCollection(kind: AnyKind, query?: Query, options?: DeleteCollectionOptions): Promise<void>;
}

/** A change of one object of a batch. */
export type Change =
  | {
      readonly type: 'patch';
      readonly kind: AnyKind;
      readonly name: ObjectName;
      readonly patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string };
    }
  | {
      readonly type: 'delete';
      readonly kind: AnyKind;
      readonly name: ObjectName;
      readonly options?: Omit<DeleteOptions, keyof WriteOptions>;
    };

/** The outcome of one item of a batch. */
export interface ItemResult {
  /** gRPC status code; 0 is success. */
  readonly code: number;
  readonly message: string;
  readonly reason: string;
  /** Revision after the change; 0 where it was refused. */
  readonly resourceVersion: number;
}

/** The outcome of one object of a batch. */
export interface CreateResult extends ItemResult {
  /** Its name, which the server may have made of metadata.generateName; empty where it was refused. */
  readonly name: string;
  readonly uid: string;
}

/** The outcome of one change of a batch. */
export interface ChangeResult extends ItemResult {
  /** The object's; empty where it was refused. */
  readonly uid: string;
  /** True where a deletion left nothing of the object. */
  readonly gone: boolean;
}
