import type { ChangeSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import { type ObjectChange, objectKey } from '@gantry/client/object-cache.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { BackoffPolicy } from '@gantry/runtime/backoff.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { AnyObject, View } from './action.ts';
import { metadataOnlyKinds, metadataSource } from './metadata-only.ts';
import { ReadyTimes } from './ready-times.ts';

/** Gives the source of the objects of a kind. */
export type SourceOf = <K extends KindName>(kind: K) => ChangeSource<Kinds[K]>;

export interface CachesOptions {
  readonly sourceOf: SourceOf;
  readonly clock: Clock;
  /** Hears of sources that had to be read anew. */
  readonly onError: (error: unknown, kind: KindName) => void;
  /** Waits before a source is read anew; if absent, the informer's default. */
  readonly backoff?: BackoffPolicy;
}

const byNamespace = ({ metadata }: AnyObject): string[] => [metadata.namespace ?? ''];
const byOwner = ({ metadata }: AnyObject): string[] => (metadata.ownerReferences ?? []).map(({ uid }) => uid);
const byNode = (object: AnyObject): string[] => [(object as Pod).spec.nodeName ?? ''];

/** The informers of all controllers, one a kind, as the view that reconcilers get. */
export class Caches implements View, AsyncDisposable {
  readonly #informers = new Map<KindName, Informer<AnyObject>>();

  readonly #ready: ReadyTimes;

  /** Begins to read the kinds. */
  constructor(kinds: Iterable<KindName>, { sourceOf, clock, onError, backoff }: CachesOptions) {
    this.#ready = new ReadyTimes(clock);
    for (const kind of new Set(kinds)) {
      const source = sourceOf(kind) as ChangeSource<AnyObject>;
      const informer = new Informer<AnyObject>({
        source: metadataOnlyKinds.has(kind) ? metadataSource(source) : source,
        indexers: { namespace: byNamespace, owner: byOwner, ...(kind === 'Pod' ? { node: byNode } : {}) },
        onError: (error) => onError(error, kind),
        clock,
        ...(backoff === undefined ? {} : { backoff }),
      });
      if (kind === 'Pod') informer.onChange((change) => this.#ready.observe(change as ObjectChange<Pod>));
      this.#informers.set(kind, informer.start());
    }
  }

  /** Resolves when every one of these kinds was read once. */
  async synced(kinds: readonly KindName[]): Promise<void> {
    await Promise.all(kinds.map((kind) => this.#of(kind).hasSynced));
  }

  /** Calls back for every object that is there, and for every change. */
  onChange(kind: KindName, handler: (change: ObjectChange<AnyObject>) => void): () => void {
    return this.#of(kind).onChange(handler);
  }

  get<K extends KindName>(kind: K, namespace: string | undefined, name: string): Kinds[K] | undefined {
    return this.#of(kind).get(objectKey(namespace, name)) as Kinds[K] | undefined;
  }

  list<K extends KindName>(kind: K, namespace?: string): Iterable<Kinds[K]> {
    const informer = this.#of(kind);
    return (namespace === undefined ? informer.values() : informer.byIndex('namespace', namespace)) as Iterable<
      Kinds[K]
    >;
  }

  ownedBy<K extends KindName>(kind: K, ownerUid: string): Iterable<Kinds[K]> {
    return this.#of(kind).byIndex('owner', ownerUid) as Iterable<Kinds[K]>;
  }

  podsOn(nodeName: string): Iterable<Pod> {
    return this.#of('Pod').byIndex('node', nodeName) as Iterable<Pod>;
  }

  revision(kind: KindName): number {
    return this.#of(kind).revision;
  }

  unreadable(kind: KindName): ReadonlySet<string> {
    return this.#of(kind).unreadable;
  }

  readyForMs(pod: Pod): number {
    return this.#ready.forMs(pod);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer[Symbol.asyncDispose]()));
  }

  #of(kind: KindName): Informer<AnyObject> {
    const informer = this.#informers.get(kind);
    if (informer === undefined) throw new Error(`invariant broken: no informer for ${kind}`);
    return informer;
  }
}
