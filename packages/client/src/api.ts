import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { KubeObject } from '@gantry/model/kind.ts';

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

export type PatchType = 'json' | 'merge' | 'strategic';

/** Reads objects. Every method rejects with a GantryError. */
export interface Reader {
  get<K extends KindName>(kind: K, name: ObjectName, options?: CallOptions): Promise<Kinds[K]>;
  list<K extends KindName>(
    kind: K,
    query?: Query & { readonly limit?: number; readonly continue?: string },
    options?: CallOptions,
  ): Promise<ListPage<Kinds[K]>>;
  /** Changes after `resourceVersion`; 0 sends what exists as ADDED, then a BOOKMARK, then changes. */
  watch<K extends KindName>(
    kind: K,
    query: Query & { readonly resourceVersion: number },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<Kinds[K]>>;
}

/** Writes objects. */
export interface Writer {
  create<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  /** Creates objects, each on its own, at most 1,024 at a time; one result each, in order. */
  createBatch(objects: readonly KubeObject[], options?: WriteOptions): Promise<CreateResult[]>;
  update<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubeObject>(object: T, options?: WriteOptions): Promise<T>;
  patch<K extends KindName>(
    kind: K,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
    options?: WriteOptions,
  ): Promise<Kinds[K]>;
  apply(
    manifest: string | Uint8Array,
    options?: ApplyOptions & { readonly defaultNamespace?: string },
  ): Promise<{ readonly object: KubeObject; readonly outcome: 'created' | 'configured' | 'unchanged' }>;
  delete<K extends KindName>(
    kind: K,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<{ readonly object: Kinds[K]; readonly gone: boolean }>;
}

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
