import type { KubeObject } from '@gantry/model/kind.ts';
import { type BackoffPolicy, backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError, isError } from '@gantry/runtime/errors.ts';
import type { ChangeSource, SourceEvent, UnreadableObject } from './change-source.ts';
import { type Indexer, keyOf, ObjectCache, type ObjectChange } from './object-cache.ts';

type Snapshot<T> = Extract<SourceEvent<T>, { readonly type: 'snapshot' }>;

/** The parts of an informer. */
export interface InformerOptions<T extends KubeObject> {
  readonly source: ChangeSource<T>;
  /** Indexes by name, such as pods by node. */
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /**
   * Hears why the source was read anew (it goes on by itself), of handlers and indexers that threw, and of objects that
   * cannot be decoded.
   */
  readonly onError: (error: unknown) => void;
  /** Waits before the source is read anew. */
  readonly backoff?: BackoffPolicy;
  readonly clock?: Clock;
  /** Numbers from 0 to below 1 for the jitter of waits; Math.random by default. */
  readonly random?: (() => number) | undefined;
}

/**
 * A local copy of the objects that a source tells of. Handlers hear each change once, in order, after the copy took it,
 * and only of true changes: reading the whole state again tells just what differs from what was known. Objects are
 * shared; nobody may change them.
 */
export class Informer<T extends KubeObject> implements AsyncDisposable {
  readonly #options: InformerOptions<T>;
  readonly #cache: ObjectCache<T>;
  readonly #handlers = new Set<(change: ObjectChange<T>) => void>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  readonly #unreadable = new Set<string>();
  /** The cache is the state of this revision; 0 before the first state and after the source could not go on. */
  #revision = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#cache = new ObjectCache(options.indexers, (error) => this.#report(error));
    // Whoever does not wait for it must not be ended by its rejection.
    this.#synced.promise.catch(() => {});
  }

  /** Resolves when the cache holds a whole state for the first time; rejects where the informer is disposed of before. */
  get hasSynced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Every change up to here is in the cache; 0 where that is not known. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#cache.size;
  }

  /** Keys of objects whose latest state cannot be decoded. The cache holds their last readable state, where there was one. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable;
  }

  /** The object with the key `namespace/name`, or the name alone where there is no namespace. */
  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  values(): IterableIterator<T> {
    return this.#cache.values();
  }

  /** The objects that an indexer files under a value. */
  byIndex(name: string, value: string): T[] {
    return this.#cache.byIndex(name, value);
  }

  /** Calls back for each object that is there, as ADDED, and for each change from now on. Returns the way to stop. */
  onChange(handler: (change: ObjectChange<T>) => void): () => void {
    const own = (change: ObjectChange<T>): void => handler(change);
    for (const object of this.#cache.values()) this.#call(own, { type: 'ADDED', object, old: undefined });
    this.#handlers.add(own);
    return () => this.#handlers.delete(own);
  }

  /** Begins to read the source. */
  start(): this {
    this.#running ??= this.#run(this.#stop.signal);
    return this;
  }

  /** Stops; no handler is called after. */
  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new DOMException('the informer was stopped', 'AbortError');
    this.#stop.abort(reason);
    this.#synced.reject(reason);
    this.#handlers.clear();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { source, backoff = defaultBackoff, clock = systemClock, random } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        for await (const event of source.read(this.#revision, signal)) {
          if (signal.aborted) return;
          this.#take(event);
          failures = 0;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (isError(error, 'Expired')) this.#revision = 0;
        this.#report(error);
      }
      await clock.sleep(backoffMs(backoff, failures, random), signal).catch(() => {});
    }
  }

  #take(event: SourceEvent<T>): void {
    const changes = this.#changesOf(event);
    // A snapshot may be older than what was known only where the store itself went back in time.
    this.#revision = event.type === 'snapshot' ? event.revision : Math.max(this.#revision, event.revision);
    for (const change of changes) {
      for (const handler of this.#handlers) this.#call(handler, change);
    }
    if (event.type === 'snapshot') this.#synced.resolve();
  }

  #changesOf(event: SourceEvent<T>): ObjectChange<T>[] {
    switch (event.type) {
      case 'snapshot':
        return this.#replace(event);
      case 'put':
        this.#unreadable.delete(keyOf(event.object));
        return this.#cache.put(event.object);
      case 'delete':
        this.#unreadable.delete(event.key);
        return this.#cache.delete(event.key, event.revision, event.object);
      case 'unreadable':
        this.#noteUnreadable(event);
        return [];
      case 'progress':
        return [];
    }
  }

  /** One object that cannot be decoded costs that object: it is named, and everything else goes on. */
  #noteUnreadable({ key, problem }: UnreadableObject): void {
    if (this.#unreadable.has(key)) return;
    this.#unreadable.add(key);
    this.#report(new GantryError('InternalError', `the object ${key} cannot be decoded: ${problem}`));
  }

  /** Takes the whole state. An object that exists and cannot be decoded stays as it was known: it is not gone. */
  #replace({ objects, unreadable = [], isSameHistory }: Snapshot<T>): ObjectChange<T>[] {
    const keys = new Set(unreadable.map(({ key }) => key));
    for (const key of this.#unreadable) if (!keys.has(key)) this.#unreadable.delete(key);
    for (const each of unreadable) this.#noteUnreadable(each);
    const kept = unreadable.flatMap(({ key }) => this.#cache.get(key) ?? []);
    return this.#cache.replace([...objects, ...kept], isSameHistory);
  }

  #call(handler: (change: ObjectChange<T>) => void, change: ObjectChange<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Whoever hears of errors may throw, too; that must not end the informer. */
  #report(error: unknown): void {
    try {
      this.#options.onError(error);
    } catch {
      // There is nobody left to tell.
    }
  }
}
