import { setTimeout as delay } from 'node:timers/promises';
import type { Query } from '@gantry/client/api.ts';
import { busSource, type RepairCause } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import { keyOf } from '@gantry/client/object-cache.ts';
import type { EventBus } from '@gantry/events/events.ts';
import type { KindName, Kinds } from '@gantry/model/built-in.ts';
import type { Store } from '@gantry/store/store.ts';
import { expect } from 'vitest';
import { storeReader } from './store-reader.ts';

/** An informer under test, with what its handlers made of its changes. */
export class Watcher<K extends KindName> implements AsyncDisposable {
  readonly informer: Informer<Kinds[K]>;
  readonly repairs: RepairCause[] = [];
  /** Built from the changes alone, as a consumer would: resourceVersion by key. */
  readonly seen = new Map<string, string>();
  readonly problems: string[] = [];
  /** Set where the store itself goes back in time. */
  mayGoBack = false;
  /** Every change in order, such as `MODIFIED default/a`. */
  readonly told: string[] = [];
  readonly #store: Store;
  readonly #kind: K;
  readonly #query: Query;

  /** @param bus Where changes come from; the store itself if absent. */
  constructor(bus: EventBus | undefined, store: Store, kind: K, query: Query = {}) {
    this.#store = store;
    this.#kind = kind;
    this.#query = query;
    const options = { onRepair: (cause: RepairCause) => this.repairs.push(cause), silenceMs: 3_000 };
    const reader = storeReader(store);
    const source = bus ? busSource(bus, reader, kind, query, options) : watchSource(reader, kind, query);
    this.informer = new Informer<Kinds[K]>({ source, onError: (error) => this.problems.push(String(error)) });
    this.informer.onChange(({ type, object, old }) => {
      const key = keyOf(object);
      this.told.push(`${type} ${key}`);
      const known = this.seen.get(key);
      const { resourceVersion = '', uid } = object.metadata;
      if ((type === 'ADDED') !== (known === undefined)) this.problems.push(`${type} ${key} while it was ${known}`);
      if (type === 'MODIFIED' && !this.mayGoBack && Number(known) >= Number(resourceVersion))
        this.problems.push(`${key} went back`);
      if (type === 'MODIFIED' && old?.metadata.uid !== uid) this.problems.push(`${key} became another object`);
      if (type === 'DELETED') this.seen.delete(key);
      else this.seen.set(key, resourceVersion);
    });
    this.informer.start();
  }

  /** Waits until what the changes told is what the store holds; fails with the difference when the test's time is up. */
  async converged(timeoutMs = 30_000): Promise<void> {
    const page = await storeReader(this.#store).list(this.#kind, this.#query);
    const truth = new Map(page.items.map((item) => [keyOf(item), item.metadata.resourceVersion]));
    const deadline = Date.now() + timeoutMs;
    while (!sameMap(this.seen, truth) && Date.now() < deadline) await delay(20);
    expect(Object.fromEntries(this.seen)).toEqual(Object.fromEntries(truth));
    expect(this.problems).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.informer[Symbol.asyncDispose]();
  }
}

function sameMap(left: ReadonlyMap<string, unknown>, right: ReadonlyMap<string, unknown>): boolean {
  return left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
}
