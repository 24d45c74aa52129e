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
 * One operation of a batch. `expected` is the revision the key must have: 0 means that it must not exist, absent means
 * any. All expectations are tested against the state before the batch, then the writes happen; a batch writes a key at
 * most once. Every write gets a revision of its own, consecutive in batch order, so that a revision names one change.
 */
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly expected?: number }
  /** Deleting a key that does not exist changes nothing and takes no revision. */
  | { readonly type: 'delete'; readonly key: string; readonly expected?: number }
  /** Asserts a key's revision and writes nothing; takes no revision. */
  | { readonly type: 'check'; readonly key: string; readonly expected: number };

/** Outcome of a commit. */
export type CommitResult =
  /**
   * `revisions[i]` is the revision of operation i (of a check: the revision it found; of a delete that found nothing: 0);
   * `revision` is the store's after the batch.
   */
  | { readonly ok: true; readonly revision: number; readonly revisions: readonly number[] }
  /** Nothing was written: operation `failedIndex` expected another revision than `actual` (0: the key does not exist). */
  | { readonly ok: false; readonly failedIndex: number; readonly actual: number };

/** A change, in revision order. `previous` is the value before, absent where the key did not exist; of a delete, `value`. */
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
  /** Most entries to return, at least 1; all by default. */
  readonly limit?: number;
  /**
   * About the most characters of values to return, at least 1; any number by default. The page ends with the entry that
   * reaches the bound, and so has at least one entry where there is one.
   */
  readonly maxChars?: number;
  /** Only keys after this one (exclusive): the last key of the page before. */
  readonly after?: string;
  /** The state as of this revision; now by default. Throws Expired when it was compacted, or never existed. */
  readonly revision?: number;
  /** Tell how many keys there are, of a list of the state now. It costs a look at all of them. */
  readonly count?: boolean;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  /** The revision that this is the state of. */
  readonly revision: number;
  /** True where more keys follow the last entry. */
  readonly more: boolean;
  /** Keys with the prefix after `after`, those of the entries among them, where `count` asked for them and no revision was named. */
  readonly count?: number;
}

export interface WatchOptions {
  /** Keys that start with this. */
  readonly prefix: string;
  /**
   * Changes with a revision greater than this. Throws Expired when some of them were compacted, and when the store has
   * not reached this revision (it lost its newest changes, or the number comes from another store): list again.
   */
  readonly after: number;
  /** The watch ends after the changes up to this revision; it goes on by default. */
  readonly until?: number;
  readonly signal: AbortSignal;
}

/**
 * The store. Every method rejects with ServiceUnavailable when the server cannot be reached, with BadRequest for input
 * that makes no sense and with RequestEntityTooLarge beyond the limits of limits.ts.
 */
export interface Store {
  /** One key; undefined where it does not exist. */
  get(key: string): Promise<Entry | undefined>;
  /** A consistent page of the state at one revision. */
  list(options: ListOptions): Promise<ListResult>;
  /**
   * Applies all operations or none, once. A resolved promise means that the batch is durable. A rejection with
   * ServiceUnavailable whose text says that the outcome is unknown means that the batch was applied once or not at all:
   * callers that pass `expected` may simply try again. Any other rejection means that nothing was written.
   */
  commit(operations: readonly Operation[]): Promise<CommitResult>;
  /**
   * Changes without gap or duplicate, in batches in revision order; ends when the signal fires.
   * Never yields a batch before all of its changes are durable.
   */
  watch(options: WatchOptions): AsyncIterable<readonly Change[]>;
}

/** Housekeeping, used by one leader. */
export interface Compactor {
  /**
   * Forgets changes and superseded values up to and including this revision (at most the store's own); returns the
   * compacted revision. The state at that revision and all changes after it stay readable.
   */
  compact(revision: number): Promise<number>;
}

/**
 * Short-lived values with a time to live, outside of revisions and changes: heartbeats and leader leases. Values and
 * leases have key spaces of their own.
 */
export interface Ephemeral {
  /** Sets a value that vanishes after `ttlMs` milliseconds. */
  put(key: string, value: string, ttlMs: number): Promise<void>;
  /** All living values whose keys start with the prefix. */
  list(prefix: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Takes or renews the lease `key` for `holder`, for `ttlMs`. Resolves with a fencing token, or undefined while another
   * holder has it. A renewal keeps its token; every other taking gets one greater than all before it, also after
   * restarts of the store.
   */
  acquire(key: string, holder: string, ttlMs: number): Promise<number | undefined>;
  /** Gives the lease up if `holder` has it. */
  release(key: string, holder: string): Promise<void>;
}

/** Acknowledged changes that are gone: the server's data was deleted, evicted, or replaced by older data. */
export interface StoreLoss {
  /** Revision that the store had reached before. The revisions after the loss are greater than it. */
  readonly revision: number;
}

/** Whether the store as a whole is sound. */
export interface Health {
  /** A sentence about the problem with which commits are refused now; undefined where there is none. */
  readonly problem: string | undefined;
  /** Calls back each time the store turns out to have lost acknowledged changes. Returns the way to stop. */
  onLoss(callback: (loss: StoreLoss) => void): () => void;
}

/** A store with all of its parts, as openStore returns it. */
export type OpenStore = Store & Compactor & Ephemeral & Health & AsyncDisposable;
