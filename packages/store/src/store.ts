/**
 * The state store: a sorted map from keys to values with one global revision and a stream of changes.
 * Keys are `<resource>/<namespace or _>/<name>`, such as `pods/default/web-1`; values are UTF-8 text (JSON of an object).
 */

/** A key with its value at some revision. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** Revision of the operation that wrote this value. */
  readonly revision: number;
}

/**
 * One operation of a batch. `expected` is the revision the key must have now: 0 means that it must not exist,
 * absent means any. Every operation of a batch gets a revision of its own, consecutive in batch order.
 */
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly expected?: number }
  | { readonly type: 'delete'; readonly key: string; readonly expected?: number }
  /** Asserts a key's revision and writes nothing; takes no revision. */
  | { readonly type: 'check'; readonly key: string; readonly expected: number };

/** What a commit did. */
export type CommitResult =
  /** `revisions[i]` is the revision of operation i (of a check: the revision it found); `revision` the store's after the batch. */
  | { readonly ok: true; readonly revision: number; readonly revisions: readonly number[] }
  /** Nothing was written: operation `failedIndex` expected another revision than `actual` (0: the key does not exist). */
  | { readonly ok: false; readonly failedIndex: number; readonly actual: number };

/** A change, in revision order. `previous` is the value before, absent where the key did not exist. */
export interface Change {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly revision: number;
  /** The new value; for a delete, the last value. */
  readonly value: string;
  readonly previous?: string;
}

export interface ListOptions {
  /** Keys that start with this, in byte order. */
  readonly prefix: string;
  /** Most entries to return, at least 1; all where absent. */
  readonly limit?: number;
  /** Only keys after this one (exclusive): the last key of the page before. */
  readonly after?: string;
  /** The state as of this revision; now where absent. Throws Expired when it was compacted. */
  readonly revision?: number;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  /** The revision that this is the state of. */
  readonly revision: number;
  /** True where more keys follow the last entry. */
  readonly more: boolean;
}

export interface WatchOptions {
  /** Keys that start with this. */
  readonly prefix: string;
  /** Changes with a revision greater than this. Throws Expired when they were compacted. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** The store. Every method rejects with ServiceUnavailable when the server cannot be reached. */
export interface Store {
  /** One key; undefined where it does not exist. */
  get(key: string): Promise<Entry | undefined>;
  /** A consistent page of the state at one revision. */
  list(options: ListOptions): Promise<ListResult>;
  /** Applies all operations or none. A resolved promise means that the batch is durable. */
  commit(operations: readonly Operation[]): Promise<CommitResult>;
  /**
   * Changes without gap or duplicate, in batches in revision order; ends when the signal fires.
   * Never yields a batch before all of its changes are durable.
   */
  watch(options: WatchOptions): AsyncIterable<readonly Change[]>;
}

/** Housekeeping, used by one leader. */
export interface Compactor {
  /** Forgets changes and superseded values up to and including this revision; returns the compacted revision. */
  compact(revision: number): Promise<number>;
}

/** Short-lived values with a time to live, outside of revisions and changes: heartbeats and leader leases. */
export interface Ephemeral {
  /** Sets a value that vanishes after `ttlMs` milliseconds. */
  put(key: string, value: string, ttlMs: number): Promise<void>;
  /** All living values whose keys start with the prefix. */
  list(prefix: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Takes or renews the lease `key` for `holder`, for `ttlMs`. Resolves with a fencing token that grows each time the
   * holder changes, or undefined while another holder has it.
   */
  acquire(key: string, holder: string, ttlMs: number): Promise<number | undefined>;
  /** Gives the lease up if `holder` has it. */
  release(key: string, holder: string): Promise<void>;
}
