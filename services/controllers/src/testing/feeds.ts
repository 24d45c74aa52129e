import type { AnyKind, ObjectOf, ResourceName, ServedResources } from '@gantry/client/api.ts';
import type { ChangeSource, SourceEvent } from '@gantry/client/change-source.ts';
import { objectKey } from '@gantry/client/object-cache.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/action.ts';
import type { SourceOf } from '../core/caches.ts';
import { builtInResources, foreignKinds } from './foreign.ts';
import type { Random } from './random.ts';
import { type Change, connectionLost, type TruthStore } from './store.ts';

/** Lateness of informers, and the rate at which they have to read anew. */
export interface FeedFaults {
  /** Probability, a step and kind, that changes stop coming for a while. */
  readonly stall: number;
  /** Milliseconds of such a while, at most. */
  readonly maxStallMs: number;
  /** Revisions by which the list that a leader begins with is behind, at most. */
  readonly maxStaleness: number;
  /** Probability, a step and kind, that a source breaks: it goes on from where it was, or has to be read anew. */
  readonly broken: number;
}

/** The changes of each kind on their way to informers: each kind lags by its own, changing time, and keeps its order. */
export class Feeds {
  readonly #store: TruthStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #feeds = new Map<AnyKind, Feed>();
  readonly #closed = new Set<AnyKind>();
  #tableBell = Promise.withResolvers<void>();
  /** Undefined while every change arrives with the next step. */
  faults: FeedFaults | undefined;

  constructor(store: TruthStore, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  readonly sourceOf: SourceOf = <K extends AnyKind>(kind: K): ChangeSource<ObjectOf<K>> => {
    const staleness = (): number => (this.faults === undefined ? 0 : this.#random.int(0, this.faults.maxStaleness));
    const feed = new Feed(this.#store, kind, staleness);
    this.#feeds.set(kind, feed);
    return feed as unknown as ChangeSource<ObjectOf<K>>;
  };

  /** The kinds that are served, late as everything else. */
  readonly resources = async function* (this: Feeds, signal: AbortSignal): AsyncGenerator<ServedResources> {
    const stop = (): void => this.#ringTable();
    signal.addEventListener('abort', stop, { once: true });
    for (let told: string | undefined; !signal.aborted; ) {
      const foreign = [...foreignKinds.keys()].filter((kind) => this.#store.serves(kind));
      const next = foreign.join();
      if (next !== told) {
        told = next;
        yield { resources: [...builtInResources, ...foreign.map(resourceNamed)], unknown: [] };
      }
      await this.#tableBell.promise;
    }
  }.bind(this);

  /** Lets some of the changes arrive. */
  step(): void {
    if (this.faults === undefined || this.#random.chance(0.1)) this.#ringTable();
    for (const [kind, feed] of this.#feeds) {
      if (this.#closed.has(kind)) continue;
      const nowMs = this.#clock.monotonic();
      const { faults } = this;
      if (faults === undefined) {
        feed.advance(this.#store.revision);
        continue;
      }
      if (this.#random.chance(faults.broken)) {
        feed.breakWith(this.#random.chance(0.5) ? connectionLost() : new GantryError('Expired', 'too old'));
      }
      if (feed.stalledUntilMs > nowMs) continue;
      if (this.#random.chance(faults.stall)) {
        feed.stalledUntilMs = nowMs + this.#random.int(0, faults.maxStallMs);
        continue;
      }
      // Now and then it is up to date, else somewhere between.
      const { revision } = this.#store;
      feed.advance(this.#random.chance(0.3) ? revision : this.#random.int(feed.revision, revision));
    }
  }

  #ringTable(): void {
    this.#tableBell.resolve();
    this.#tableBell = Promise.withResolvers<void>();
  }

  /** Lets no change of a kind arrive any more. */
  close(kind: AnyKind): void {
    this.#closed.add(kind);
  }

  /** Lets changes of a kind arrive again; its state has to be read anew. */
  reopen(kind: AnyKind): void {
    this.#closed.delete(kind);
    this.#feeds.get(kind)?.breakWith(new GantryError('Expired', 'too old'));
  }
}

/** The changes of one kind. */
class Feed implements ChangeSource<AnyObject> {
  readonly #store: TruthStore;
  readonly #kind: AnyKind;
  /** By how many revisions the next list is behind; it is never older than changes that have arrived. */
  readonly #staleness: () => number;
  #bell = Promise.withResolvers<void>();
  #error: GantryError | undefined;
  #listing = false;
  /** Changes up to here have arrived. */
  revision = 0;
  stalledUntilMs = 0;

  constructor(store: TruthStore, kind: AnyKind, staleness: () => number) {
    this.#store = store;
    this.#kind = kind;
    this.#staleness = staleness;
  }

  advance(revision: number): void {
    if (revision <= this.revision && !this.#listing) return;
    this.revision = Math.max(this.revision, revision);
    this.#ring();
  }

  breakWith(error: GantryError): void {
    this.#error = error;
    this.#ring();
  }

  async *read(after: number, signal: AbortSignal): AsyncIterable<SourceEvent<AnyObject>> {
    const stop = (): void => this.#ring();
    signal.addEventListener('abort', stop, { once: true });
    this.#error = undefined;
    this.#store.check(this.#kind);
    let at = after;
    if (at === 0) {
      // The state comes with a later step: each kind's at its own time.
      this.#listing = true;
      await this.#bell.promise;
      this.#listing = false;
      if (signal.aborted) return;
      this.#store.check(this.#kind);
      at = Math.max(this.revision, this.#store.revision - this.#staleness());
      this.revision = at;
      yield { type: 'snapshot', objects: this.#stateAt(at), revision: at };
    }
    const changes = this.#store.changesOf(this.#kind);
    for (let next = 0; !signal.aborted; ) {
      if (this.#error !== undefined) throw this.#error;
      for (
        let change = changes[next];
        change !== undefined && change.revision <= this.revision;
        change = changes[next]
      ) {
        next++;
        if (change.revision > at) yield toEvent(change);
      }
      if (this.revision > at) {
        at = this.revision;
        yield { type: 'progress', revision: at };
      } else await this.#bell.promise;
    }
  }

  #stateAt(revision: number): AnyObject[] {
    const objects = new Map<string, AnyObject>();
    for (const change of this.#store.changesOf(this.#kind)) {
      if (change.revision > revision) break;
      const { namespace, name } = change.object.metadata;
      if (change.type === 'put') objects.set(objectKey(namespace, name), change.object);
      else objects.delete(objectKey(namespace, name));
    }
    return [...objects.values()];
  }

  #ring(): void {
    this.#bell.resolve();
    this.#bell = Promise.withResolvers<void>();
  }
}

function toEvent({ type, object, revision }: Change): SourceEvent<AnyObject> {
  if (type === 'put') return { type, object, revision };
  return { type, key: objectKey(object.metadata.namespace, object.metadata.name), object, revision };
}

function resourceNamed(name: ResourceName) {
  return foreignKinds.get(name)!;
}
