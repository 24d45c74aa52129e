import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeProgress } from '@gantry/events/change.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { openBus } from '@gantry/events/open.ts';
import { progressSubject } from '@gantry/events/subjects.ts';
import { type NatsServer, startNatsServer } from '@gantry/events/testing/nats-server.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { createMetrics } from '@gantry/runtime/metrics.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { type RedisServer, startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRelayMetrics } from './metrics.ts';
import { runRelay } from './relay.ts';
import { Load, seededRandom } from './testing/load.ts';
import { Watcher } from './testing/watchers.ts';

let nats: NatsServer;
let redis: RedisServer;
beforeAll(async () => {
  [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** A store of its own for each test. */
let stores = 0;
const storeUrls = {
  SQLite: () => 'sqlite::memory:',
  Redis: () => `${redis.url}?prefix=relay${++stores}`,
};

/** Loses a share of what is published. */
class LossyBus implements EventBus {
  readonly #bus: EventBus;
  readonly #loses: () => boolean;
  lost = 0;

  constructor(bus: EventBus, loses: () => boolean) {
    this.#bus = bus;
    this.#loses = loses;
  }

  async publish(subject: string, payload: Uint8Array): Promise<void> {
    if (this.#loses()) this.lost++;
    else await this.#bus.publish(subject, payload);
  }

  subscribe: EventBus['subscribe'] = (pattern, handler) => this.#bus.subscribe(pattern, handler);
  onReconnect: EventBus['onReconnect'] = (callback) => this.#bus.onReconnect(callback);
  [Symbol.asyncDispose] = (): Promise<void> => Promise.resolve();
}

/** A relay in this process; disposing of it stops it. */
function relayHere(store: OpenStore, bus: EventBus): AsyncDisposable {
  const stop = new AbortController();
  const deps = {
    store,
    leases: store,
    bus,
    clock: systemClock,
    log: silentLogger,
    metrics: createRelayMetrics(createMetrics('relay')),
  };
  const running = runRelay(deps, { holder: 'here', leaseTtlMs: 1_000 }, stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Informers of every sort: a whole resource, one node's objects of it, and another resource. */
function watchers(bus: EventBus, store: OpenStore) {
  const all = [
    new Watcher(bus, store, 'Pod'),
    new Watcher(bus, store, 'Pod', { fieldSelector: 'spec.nodeName=n1' }),
    new Watcher(bus, store, 'Pod', { fieldSelector: 'spec.nodeName=n2' }),
    new Watcher(bus, store, 'ConfigMap'),
  ] as const;
  return {
    all,
    synced: () => Promise.all(all.map((watcher) => watcher.informer.hasSynced)),
    converged: () => Promise.all(all.map((watcher) => watcher.converged())),
    repairs: () => all.flatMap((watcher) => watcher.repairs),
    [Symbol.asyncDispose]: async () => {
      for (const watcher of all) await watcher[Symbol.asyncDispose]();
    },
  };
}

describe.each(Object.keys(storeUrls) as (keyof typeof storeUrls)[])('the relay over %s and NATS', (kind) => {
  test('an undisturbed bus needs no repair beyond the first state', async () => {
    await using store = await openStore(storeUrls[kind]());
    await using bus = await openBus(nats.url);
    const load = new Load(store, seededRandom(1));
    await load.write(100);
    await using _relay = relayHere(store, bus);
    await heardRelay(bus);
    await using informers = watchers(bus, store);
    await informers.synced();
    await load.write(1_000);
    await informers.converged();
    expect(informers.repairs()).toEqual([]);
  });

  test.each([0.02, 0.3])('a share of %d of all messages lost loses no change', async (share) => {
    await using store = await openStore(storeUrls[kind]());
    await using bus = await openBus(nats.url);
    const random = seededRandom(2);
    const lossy = new LossyBus(bus, () => random() < share);
    const load = new Load(store, seededRandom(3));
    await using _relay = relayHere(store, lossy);
    await using informers = watchers(bus, store);
    await informers.synced();
    await load.write(1_000);
    await informers.converged();
    expect(lossy.lost).toBeGreaterThan(10);
    expect(informers.repairs()).toContain('gap');
  });

  test('the very last changes are found missing though nothing follows them', async () => {
    await using store = await openStore(storeUrls[kind]());
    await using bus = await openBus(nats.url);
    const state = { loses: false };
    await using _relay = relayHere(store, new LossyBus(bus, () => state.loses));
    await heardRelay(bus);
    await using informers = watchers(bus, store);
    await informers.synced();
    const load = new Load(store, seededRandom(4));
    await load.write(50);
    await informers.converged();
    state.loses = true;
    await load.write(20);
    await delay(100);
    state.loses = false;
    await informers.converged();
    expect(informers.repairs()).toContain('gap');
  });

  test('NATS restarted twice under load loses no change', async () => {
    await using own = await startNatsServer();
    await using store = await openStore(storeUrls[kind]());
    await using relayBus = await openBus(own.url);
    await using bus = await openBus(own.url);
    await using _relay = relayHere(store, relayBus);
    await using informers = watchers(bus, store);
    await informers.synced();
    const load = new Load(store, seededRandom(5));
    for (let restart = 0; restart < 2; restart++) {
      await load.write(200);
      await own.stop();
      await load.write(200);
      await own.start();
      await load.write(200);
    }
    await informers.converged();
    expect(informers.repairs()).toContain('reconnect');
  });
});

test('a relay stops though NATS is away and changes wait for it', async () => {
  await using own = await startNatsServer();
  await using store = await openStore('sqlite::memory:');
  await using bus = await openBus(own.url);
  const relay = relayHere(store, bus);
  await heardRelay(bus);
  await own.stop();
  await new Load(store, seededRandom(10)).write(50);
  await relay[Symbol.asyncDispose]();
});

describe('a relay that dies', () => {
  test('killed with SIGKILL under load, then its successor too: no change is lost', async () => {
    const storeUrl = storeUrls.Redis();
    await using store = await openStore(storeUrl);
    await using bus = await openBus(nats.url);
    const load = new Load(store, seededRandom(6));
    await using first = await relayProcess(storeUrl, 'first');
    await using informers = watchers(bus, store);
    await informers.synced();
    const epochs: number[] = [await heardRelay(bus)];
    await using second = await relayProcess(storeUrl, 'second');
    await load.write(300);
    await first.kill();
    await load.write(300);
    epochs.push(await heardRelay(bus, epochs.at(-1)));
    await load.write(300);
    await using _third = await relayProcess(storeUrl, 'third');
    await second.kill();
    await load.write(300);
    epochs.push(await heardRelay(bus, epochs.at(-1)));
    await informers.converged();
    expect(epochs.toSorted((left, right) => left - right)).toEqual(epochs);
    expect(new Set(epochs).size).toBe(3);
  });

  test('stopped, replaced and awake again, it is not listened to', async () => {
    const storeUrl = storeUrls.Redis();
    await using store = await openStore(storeUrl);
    await using bus = await openBus(nats.url);
    const load = new Load(store, seededRandom(7));
    await using first = await relayProcess(storeUrl, 'first');
    await using informers = watchers(bus, store);
    await informers.synced();
    const epoch = await heardRelay(bus);
    await using _second = await relayProcess(storeUrl, 'second');
    await load.write(200);
    first.child.kill('SIGSTOP');
    await load.write(200);
    expect(await heardRelay(bus, epoch)).toBeGreaterThan(epoch);
    const writing = load.write(400);
    first.child.kill('SIGCONT');
    await writing;
    await informers.converged();
  });
});

test('a Redis that lost everything: informers end with what there is now', async () => {
  await using forgetful = await startRedisServer({ appendfsync: 'no-file' });
  await using store = await openStore(forgetful.url);
  await using bus = await openBus(nats.url);
  await using _relay = relayHere(store, bus);
  await using informers = watchers(bus, store);
  await informers.synced();
  await new Load(store, seededRandom(8)).write(300);
  await informers.converged();
  for (const watcher of informers.all) watcher.mayGoBack = true;
  await forgetful.kill();
  await forgetful.start();
  await new Load(store, seededRandom(9)).write(100);
  await informers.converged();
  expect(informers.repairs()).toContain('reset');
});

/** Waits for word from a relay with an epoch above `after`; returns its epoch. */
async function heardRelay(bus: EventBus, after = 0): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  await using _subscription = bus.subscribe(progressSubject, (_, payload) => {
    const epoch = decodeProgress(payload)?.epoch ?? 0;
    if (epoch > after) resolve(epoch);
  });
  return await promise;
}

interface RelayProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

/** A relay in a process of its own. */
async function relayProcess(storeUrl: string, holder: string): Promise<RelayProcess> {
  const script = fileURLToPath(new URL('./testing/relay-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, storeUrl, nats.url, holder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await once(child.stdout, 'data');
  return { child, kill, [Symbol.asyncDispose]: kill };
}
