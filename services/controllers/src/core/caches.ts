import { type AnyKind, isResourceName, type ObjectOf } from '@gantry/client/api.ts';
import type { ChangeSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import { type ObjectChange, objectKey } from '@gantry/client/object-cache.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { AnyObject, View } from './action.ts';
import { EndedUids } from './ended-uids.ts';
import { KindTable, type ServedKind } from './kinds.ts';
import { metadataSource } from './metadata-only.ts';
import { controllerOf } from './owners.ts';
import { ReadyTimes } from './ready-times.ts';

/** Gives the source of the objects of a kind; of `metadata` nothing else is kept. */
export type SourceOf = <K extends AnyKind>(kind: K, content: 'whole' | 'metadata') => ChangeSource<ObjectOf<K>>;

export interface CachesOptions {
  readonly sourceOf: SourceOf;
  readonly clock: Clock;
  /** Hears of sources that had to be read anew. */
  readonly onError: (error: unknown, kind: AnyKind) => void;
  /** Waits before a source is read anew; if absent, the informer's default. */
  readonly backoff?: BackoffPolicy;
  /** Numbers from 0 to below 1 for the jitter of waits; if absent, Math.random. */
  readonly random?: (() => number) | undefined;
}

/**
 * Milliseconds for which the changes of a kind are still read that is served no more: the ends of its last objects, by which their dependents are
 * collected, may be on their way.
 */
const lingerMs = 10_000;

const byNamespace = ({ metadata }: AnyObject): string[] => [metadata.namespace ?? ''];
const byOwner = ({ metadata }: AnyObject): string[] => (metadata.ownerReferences ?? []).map(({ uid }) => uid);
const byLackOfController = (object: AnyObject): string[] =>
  controllerOf(object) ? [] : [object.metadata.namespace ?? ''];
const byNode = (object: AnyObject): string[] => [(object as Pod).spec.nodeName ?? ''];

type Handler = (change: ObjectChange<AnyObject>) => void;

/** The informer of one kind that comes and goes with the api's table of kinds. */
interface Follower {
  readonly kind: ServedKind;
  readonly informer: Informer<AnyObject>;
  /** Ends it, some time after its kind left the table. */
  leaving: AbortController | undefined;
}

/**
 * The informers of all controllers, one a kind, as the view that reconcilers get: of the kinds that some controller reads, and, from the time when the
 * api's table of kinds is known, the metadata of all others.
 */
export class Caches implements View, AsyncDisposable {
  readonly #options: CachesOptions;
  readonly #informers = new Map<AnyKind, Informer<AnyObject>>();
  /** Those of kinds that no controller reads. */
  readonly #followers = new Map<AnyKind, Follower>();
  readonly #handlersOfAll = new Set<Handler>();
  readonly #ready: ReadyTimes;
  readonly #ended = new EndedUids();
  readonly #tableRead = Promise.withResolvers<void>();
  readonly #ending = new Set<Promise<void>>();
  #kinds = new KindTable([]);

  /** Begins to read the kinds. */
  constructor(kinds: Iterable<KindName>, options: CachesOptions) {
    this.#options = options;
    this.#ready = new ReadyTimes(options.clock);
    this.#tableRead.promise.catch(() => {});
    for (const kind of new Set(kinds)) this.#informers.set(kind, this.#informerOf(kind, 'whole'));
  }

  /** Resolves when every one of these kinds was read once. */
  async synced(kinds: readonly KindName[]): Promise<void> {
    await Promise.all(kinds.map((kind) => this.#informers.get(kind)!.hasSynced));
  }

  /** Resolves when it is known which kinds are served. */
  get tableRead(): Promise<void> {
    return this.#tableRead.promise;
  }

  /** Kinds that could not be read yet, or not since they had to be read anew. */
  get unread(): AnyKind[] {
    return [...this.#informers].filter(([, informer]) => informer.revision === 0).map(([kind]) => kind);
  }

  get kinds(): KindTable {
    return this.#kinds;
  }

  /** Reads the kinds of a table that nobody reads yet, and leaves those that are not in it any more. */
  follow(table: KindTable): void {
    this.#kinds = table;
    const shown = new Map(table.all.filter(({ isShown }) => isShown).map((kind) => [kind.id, kind]));
    for (const [id, follower] of this.#followers) {
      const now = shown.get(id);
      if (now === undefined) this.#leave(follower);
      else if (!isSameKind(now, follower.kind)) this.#drop(follower);
      else this.#stay(follower);
    }
    for (const kind of shown.values()) if (!this.#informers.has(kind.id)) this.#enter(kind);
    this.#tableRead.resolve();
  }

  /** Calls back for every object of a kind that is there, and for every change. */
  onChange(kind: KindName, handler: Handler): () => void {
    return this.#informers.get(kind)!.onChange(handler);
  }

  /** The same for all kinds, those that come later among them. */
  onAnyChange(handler: Handler): () => void {
    const own: Handler = (change) => {
      if (this.#handlersOfAll.has(own)) handler(change);
    };
    this.#handlersOfAll.add(own);
    for (const informer of this.#informers.values()) informer.onChange(own);
    return () => this.#handlersOfAll.delete(own);
  }

  get<K extends AnyKind>(kind: K, namespace: string | undefined, name: string): ObjectOf<K> | undefined {
    return this.#informers.get(kind)?.get(objectKey(namespace, name)) as ObjectOf<K> | undefined;
  }

  list<K extends AnyKind>(kind: K, namespace?: string): Iterable<ObjectOf<K>> {
    const informer = this.#informers.get(kind);
    const objects = namespace === undefined ? informer?.values() : informer?.byIndex('namespace', namespace);
    return (objects ?? []) as Iterable<ObjectOf<K>>;
  }

  ownedBy<K extends AnyKind>(kind: K, ownerUid: string): Iterable<ObjectOf<K>> {
    return (this.#informers.get(kind)?.byIndex('owner', ownerUid) ?? []) as Iterable<ObjectOf<K>>;
  }

  orphans<K extends AnyKind>(kind: K, namespace: string | undefined): Iterable<ObjectOf<K>> {
    return (this.#informers.get(kind)?.byIndex('orphan', namespace ?? '') ?? []) as Iterable<ObjectOf<K>>;
  }

  podsOn(nodeName: string): Iterable<Pod> {
    return (this.#informers.get('Pod')?.byIndex('node', nodeName) ?? []) as Iterable<Pod>;
  }

  revision(kind: AnyKind): number {
    return this.#informers.get(kind)?.revision ?? 0;
  }

  unreadable(kind: AnyKind): ReadonlySet<string> {
    return this.#informers.get(kind)?.unreadable ?? nothing;
  }

  readyForMs(pod: Pod): number {
    return this.#ready.forMs(pod);
  }

  shows(kind: AnyKind): boolean {
    return this.#informers.has(kind);
  }

  ended(uid: string): ServedKind | undefined {
    return this.#ended.kindOf(uid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tableRead.reject(new DOMException('the caches were stopped', 'AbortError'));
    for (const { leaving } of this.#followers.values()) leaving?.abort();
    this.#handlersOfAll.clear();
    await Promise.all([...this.#informers.values()].map((informer) => informer[Symbol.asyncDispose]()));
    await Promise.all(this.#ending);
  }

  #informerOf(kind: AnyKind, content: 'whole' | 'metadata'): Informer<AnyObject> {
    const { sourceOf, clock, onError, backoff, random } = this.#options;
    const source = sourceOf(kind, content) as ChangeSource<AnyObject>;
    const informer = new Informer<AnyObject>({
      source: content === 'metadata' ? metadataSource(source) : source,
      indexers: {
        namespace: byNamespace,
        owner: byOwner,
        orphan: byLackOfController,
        ...(kind === 'Pod' ? { node: byNode } : {}),
      },
      onError: (error) => onError(error, kind),
      clock,
      random,
      ...(backoff === undefined ? {} : { backoff }),
    });
    if (kind === 'Pod') informer.onChange((change) => this.#ready.observe(change as ObjectChange<Pod>));
    return informer.start();
  }

  #enter(kind: ServedKind): void {
    const informer = this.#informerOf(kind.id, 'metadata');
    this.#informers.set(kind.id, informer);
    this.#followers.set(kind.id, { kind, informer, leaving: undefined });
    // Before those who decide by it.
    if (isResourceName(kind.id)) {
      informer.onChange(({ type, object }) => {
        if (type === 'DELETED') this.#ended.note(object.metadata.uid!, kind);
      });
    }
    for (const handler of this.#handlersOfAll) informer.onChange(handler);
  }

  #leave(follower: Follower): void {
    if (follower.leaving !== undefined) return;
    const leaving = new AbortController();
    follower.leaving = leaving;
    this.#options.clock.sleep(lingerMs, leaving.signal).then(
      () => this.#drop(follower),
      () => {},
    );
  }

  /** A kind that comes back in time. Whoever heard of its objects meanwhile could not tell what they are. */
  #stay(follower: Follower): void {
    if (follower.leaving === undefined) return;
    follower.leaving.abort();
    follower.leaving = undefined;
    for (const object of follower.informer.values()) {
      for (const handler of this.#handlersOfAll) handler({ type: 'ADDED', object, old: undefined });
    }
  }

  #drop({ kind, informer, leaving }: Follower): void {
    leaving?.abort();
    this.#followers.delete(kind.id);
    this.#informers.delete(kind.id);
    const ended = informer[Symbol.asyncDispose]().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

const nothing: ReadonlySet<string> = new Set();

/** True where objects of both are the same. */
function isSameKind(one: ServedKind, other: ServedKind): boolean {
  return one.kind === other.kind && one.namespaced === other.namespaced;
}
