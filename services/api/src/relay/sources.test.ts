/** One suite for informers over either source of changes, the watch and the event bus. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Query } from '@gantry/client/api.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { openBus } from '@gantry/events/open.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { createMetrics } from '@gantry/runtime/metrics.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { describe, expect, test } from 'vitest';
import { createRelayMetrics } from './metrics.ts';
import { runRelay } from './relay.ts';
import { Load, seededRandom } from './testing/load.ts';
import { Watcher } from './testing/watchers.ts';

/** A store with a relay to a bus, and informers over one of the two sources. */
class World implements AsyncDisposable {
  readonly store: OpenStore;
  readonly #bus: EventBus;
  readonly #usesBus: boolean;
  readonly #stop = new AbortController();
  readonly #relay: Promise<void>;
  readonly #watchers: AsyncDisposable[] = [];

  private constructor(store: OpenStore, bus: EventBus, usesBus: boolean) {
    this.store = store;
    this.#bus = bus;
    this.#usesBus = usesBus;
    const deps = {
      store,
      leases: store,
      bus,
      clock: systemClock,
      log: silentLogger,
      metrics: createRelayMetrics(createMetrics('relay')),
    };
    this.#relay = runRelay(deps, { holder: 'test' }, this.#stop.signal);
  }

  static async open(usesBus: boolean): Promise<World> {
    return new World(await openStore('sqlite::memory:'), await openBus('memory:sources'), usesBus);
  }

  async informer<K extends KindName>(kind: K, query: Query = {}): Promise<Watcher<K>> {
    const watcher = new Watcher(this.#usesBus ? this.#bus : undefined, this.store, kind, query);
    this.#watchers.push(watcher);
    await watcher.informer.hasSynced;
    return watcher;
  }

  async putPod(
    name: string,
    fields: { node?: string; app?: string; uid?: string; padding?: number } = {},
  ): Promise<void> {
    const { node, app, uid = 'u', padding = 0 } = fields;
    const metadata = { name, namespace: 'default', uid, ...(app ? { labels: { app } } : {}) };
    const spec = { ...(node ? { nodeName: node } : {}), padding: 'x'.repeat(padding) };
    const value = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await this.store.commit([{ type: 'put', key: `pods/default/${name}`, value }]);
  }

  async deletePod(name: string): Promise<void> {
    await this.store.commit([{ type: 'delete', key: `pods/default/${name}` }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) await watcher[Symbol.asyncDispose]();
    this.#stop.abort();
    await this.#relay;
    await this.#bus[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

describe.each([
  { source: "the api's watch", usesBus: false },
  { source: 'the event bus', usesBus: true },
])('an informer over $source', ({ usesBus }) => {
  test('tells what is there and then each change', async () => {
    await using world = await World.open(usesBus);
    await world.putPod('a');
    const pods = await world.informer('Pod');
    expect(pods.told).toEqual(['ADDED default/a']);
    await world.putPod('b');
    await until(() => pods.told.length === 2);
    await world.putPod('a', { node: 'n1' });
    await until(() => pods.told.length === 3);
    await world.deletePod('b');
    await pods.converged();
    expect(pods.told).toEqual(['ADDED default/a', 'ADDED default/b', 'MODIFIED default/a', 'DELETED default/b']);
    expect(pods.informer.get('default/a')).toMatchObject({
      spec: { nodeName: 'n1' },
      metadata: { resourceVersion: '3' },
    });
  });

  test('an object that starts or stops to match the selectors comes or goes', async () => {
    await using world = await World.open(usesBus);
    await world.putPod('a', { app: 'web' });
    await world.putPod('b', { app: 'other' });
    const web = await world.informer('Pod', { labelSelector: 'app=web' });
    const elsewhere = await world.informer('Pod', { namespace: 'other' });
    const onNode = await world.informer('Pod', { fieldSelector: 'spec.nodeName=n1' });
    await world.putPod('b', { app: 'web' });
    await until(() => web.told.length === 2);
    await world.putPod('a', { app: 'none', node: 'n1' });
    await until(() => web.told.length === 3 && onNode.told.length === 1);
    await world.deletePod('a');
    await Promise.all([web.converged(), elsewhere.converged(), onNode.converged()]);
    expect(web.told).toEqual(['ADDED default/a', 'ADDED default/b', 'DELETED default/a']);
    expect(onNode.told).toEqual(['ADDED default/a', 'DELETED default/a']);
    expect(elsewhere.told).toEqual([]);
  });

  test('a namesake of a deleted object is another object', async () => {
    await using world = await World.open(usesBus);
    await world.putPod('a', { node: 'n1', uid: 'first' });
    const pods = await world.informer('Pod');
    const onNode = await world.informer('Pod', { fieldSelector: 'spec.nodeName=n1' });
    await world.deletePod('a');
    await world.putPod('a', { node: 'n2', uid: 'second' });
    await Promise.all([pods.converged(), onNode.converged()]);
    expect(pods.told).toEqual(['ADDED default/a', 'DELETED default/a', 'ADDED default/a']);
    expect(onNode.told).toEqual(['ADDED default/a', 'DELETED default/a']);
  });

  test('objects larger than a message of the bus arrive, change and go like others', async () => {
    await using world = await World.open(usesBus);
    const pods = await world.informer('Pod');
    await world.putPod('big', { padding: 1_100_000 });
    await pods.converged();
    await world.putPod('big', { padding: 1_100_001, node: 'n1' });
    await pods.converged();
    await world.deletePod('big');
    await pods.converged();
    expect(pods.told).toEqual(['ADDED default/big', 'MODIFIED default/big', 'DELETED default/big']);
  });

  test('under load, from the middle of it on, it ends with what the store holds', async () => {
    await using world = await World.open(usesBus);
    const load = new Load(world.store, seededRandom(11));
    await load.write(200);
    const writing = load.write(800);
    const informers = await Promise.all([
      world.informer('Pod'),
      world.informer('Pod', { fieldSelector: 'spec.nodeName=n3' }),
      world.informer('ConfigMap'),
    ]);
    await writing;
    for (const informer of informers) await informer.converged();
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}
