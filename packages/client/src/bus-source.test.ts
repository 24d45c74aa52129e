import { type ChangeMessage, encodeChange, encodeProgress } from '@gantry/events/change.ts';
import type { EventBus } from '@gantry/events/events.ts';
import { InProcessBus } from '@gantry/events/in-process.ts';
import { changeSubject, progressSubject } from '@gantry/events/subjects.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError, notFound } from '@gantry/runtime/errors.ts';
import { describe, expect, test } from 'vitest';
import type { Query, Reader, WatchEvent } from './api.ts';
import { busSource, type RepairCause } from './bus-source.ts';
import { Informer } from './informer.ts';

const configMap = (name: string, revision: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', uid: name, resourceVersion: String(revision) },
});

/** An informer on a bus that the test publishes to by hand, and an api whose answers the test sets. */
class Scene<K extends KindName> implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly repairs: RepairCause[] = [];
  readonly errors: unknown[] = [];
  readonly told: string[] = [];
  /** The answer of a list. */
  state: { items: unknown[]; resourceVersion: number } = { items: [], resourceVersion: 10 };
  /** The answer of a get. */
  object: unknown;
  /** Whether a get meets a damaged object. */
  damage = false;
  lists = 0;
  /** A list answers after this. */
  answering: Promise<void> | undefined;
  reconnect: () => void = () => {};
  /** Sends an event on the watch that is open now. */
  sendWatched: ((event: WatchEvent<ConfigMap>) => void) | undefined;
  watches: (number | undefined)[] = [];
  readonly informer: Informer<never>;
  readonly #bus: EventBus = new InProcessBus(`scene-${Math.random()}`);

  /** @param canWatch Whether the api is watched while the bus is silent. */
  constructor(kind: K, query: Query = {}, canWatch = false) {
    const reader: Pick<Reader, 'get' | 'list'> & Partial<Pick<Reader, 'watch'>> = {
      ...(canWatch && { watch: (_, { resourceVersion }, signal) => this.#watch(resourceVersion, signal) as never }),
      list: async () => {
        this.lists++;
        await this.answering;
        return structuredClone(this.state) as never;
      },
      get: async (_, { name }) => {
        if (this.damage) throw new GantryError('InternalError', 'damaged');
        if (this.object === undefined) throw notFound({ group: '', resource: 'configmaps', name });
        return this.object as never;
      },
    };
    const bus: EventBus = {
      publish: (subject, payload) => this.#bus.publish(subject, payload),
      subscribe: (pattern, handler) => this.#bus.subscribe(pattern, handler),
      onReconnect: (callback) => {
        this.reconnect = callback;
        return () => {};
      },
      [Symbol.asyncDispose]: () => this.#bus[Symbol.asyncDispose](),
    };
    const source = busSource(bus, reader, kind, query, {
      onRepair: (cause) => this.repairs.push(cause),
      clock: this.clock,
    });
    const onError = (error: unknown): void => void this.errors.push(error);
    this.informer = new Informer({ source: source as never, onError, clock: this.clock });
    this.informer.onChange(({ type, object }) => {
      const { name, resourceVersion } = (object as ConfigMap).metadata;
      this.told.push(`${type} ${name}@${resourceVersion}`);
    });
    this.informer.start();
  }

  async *#watch(after: number | undefined, signal: AbortSignal): AsyncGenerator<WatchEvent<ConfigMap>> {
    this.watches.push(after);
    while (!signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<WatchEvent<ConfigMap> | undefined>();
      this.sendWatched = resolve;
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      const event = await promise;
      this.sendWatched = undefined;
      if (event) yield event;
    }
    throw new GantryError('Cancelled', 'the call was cancelled');
  }

  async change(name: string, message: Partial<ChangeMessage> & { revision: number; previous: number }): Promise<void> {
    const subject = changeSubject({ resource: 'configmaps', namespace: 'default', name });
    const { resourceVersion: _, ...metadata } = configMap(name, 0).metadata;
    const json = JSON.stringify({ ...configMap(name, 0), metadata });
    await this.publish(subject, encodeChange({ type: 'MODIFIED', epoch: 1, json, ...message }));
  }

  async progress(revision: number, last: Record<string, number>, start = 0, epoch = 1, history = 7): Promise<void> {
    await this.publish(progressSubject, encodeProgress({ epoch, revision, start, history, last }));
  }

  /** Publishes without letting anybody take it. */
  flood(revision: number): Promise<void> {
    return this.#bus.publish(progressSubject, encodeProgress({ epoch: 1, revision, start: 0, history: 7, last: {} }));
  }

  async publish(subject: string, payload: Uint8Array): Promise<void> {
    await this.#bus.publish(subject, payload);
    await this.pass(0);
  }

  /** Lets time pass, and everything happen that can. */
  async pass(ms: number): Promise<void> {
    for (let turn = 0; turn < 40; turn++) await Promise.resolve();
    this.clock.advance(ms);
    for (let turn = 0; turn < 40; turn++) await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.informer[Symbol.asyncDispose]();
    await this.#bus[Symbol.asyncDispose]();
  }
}

async function synced<K extends KindName>(kind: K, query: Query = {}): Promise<Scene<K>> {
  const scene = new Scene(kind, query);
  await scene.pass(0);
  return scene;
}

describe('the bus as a source', () => {
  test('a chain of changes is told; the api is asked once', async () => {
    await using scene = await synced('ConfigMap');
    await scene.change('a', { revision: 12, previous: 9 });
    await scene.change('b', { revision: 15, previous: 12 });
    await scene.change('a', { revision: 16, previous: 15, type: 'DELETED' });
    expect(scene.told).toEqual(['ADDED a@12', 'ADDED b@15', 'DELETED a@16']);
    expect([scene.lists, scene.informer.revision]).toEqual([1, 16]);
  });

  test('progress moves an idle informer on', async () => {
    await using scene = await synced('ConfigMap');
    await scene.progress(500, { pods: 499, configmaps: 9 });
    expect([scene.informer.revision, scene.lists]).toEqual([500, 1]);
  });

  test('a hole makes it read the state, which tells what was missed; later changes go on from there', async () => {
    await using scene = await synced('ConfigMap');
    scene.state = { items: [configMap('missed', 13), configMap('a', 14)], resourceVersion: 20 };
    await scene.change('a', { revision: 14, previous: 13 });
    await scene.change('b', { revision: 21, previous: 14 });
    await scene.pass(1_000);
    expect(scene.told).toEqual(['ADDED missed@13', 'ADDED a@14', 'ADDED b@21']);
    expect([scene.lists, scene.repairs]).toEqual([2, ['gap']]);
  });

  test('holes one after another make it ask the api ever more seldom', async () => {
    await using scene = await synced('ConfigMap');
    for (let round = 1; round <= 100; round++) {
      await scene.change('a', { revision: 1_000 + round * 10, previous: 1_000 + round * 10 - 1 });
      await scene.pass(50);
    }
    expect(scene.lists).toBeLessThan(10);
  });

  test('progress that names a change which never came is a hole', async () => {
    await using scene = await synced('ConfigMap');
    scene.state = { items: [configMap('a', 12)], resourceVersion: 12 };
    await scene.progress(12, { configmaps: 12 });
    await scene.pass(1_000);
    expect([scene.told, scene.repairs]).toEqual([['ADDED a@12'], ['gap']]);
  });

  test('a new relay that knows nothing of what came before makes it read the state, one that goes on does not', async () => {
    await using scene = await synced('ConfigMap');
    await scene.progress(10, {}, 10, 2);
    expect(scene.lists).toBe(1);
    await scene.progress(30, {}, 30, 3);
    await scene.pass(1_000);
    expect([scene.lists, scene.repairs]).toEqual([2, ['gap']]);
  });

  test('a reconnected bus, silence and garbage make it read the state', async () => {
    await using scene = await synced('ConfigMap');
    scene.reconnect();
    await scene.pass(2_000);
    expect(scene.repairs).toEqual(['reconnect']);
    await scene.publish(progressSubject, Buffer.from('garbage'));
    await scene.pass(2_000);
    expect(scene.repairs).toEqual(['reconnect', 'garbled']);
    for (let second = 0; second < 15; second++) await scene.pass(1_000);
    expect(scene.repairs).toEqual(['reconnect', 'garbled', 'silence']);
  });

  test('word from the relay is no silence', async () => {
    await using scene = await synced('ConfigMap');
    for (let second = 0; second < 30; second++) {
      await scene.progress(11 + second, {});
      await scene.pass(1_000);
    }
    expect(scene.repairs).toEqual([]);
  });

  test('a store that lost changes makes it take the state that there is now, and go on from there', async () => {
    await using scene = await synced('ConfigMap');
    await scene.progress(10, {});
    await scene.change('lost', { revision: 12, previous: 9 });
    scene.state = { items: [configMap('other', 4)], resourceVersion: 5 };
    await scene.progress(5, {}, 5, 1, 8);
    await scene.pass(1_000);
    await scene.change('new', { revision: 6, previous: 5 });
    expect(scene.told).toEqual(['ADDED lost@12', 'DELETED lost@12', 'ADDED other@4', 'ADDED new@6']);
    expect(scene.repairs).toEqual(['reset']);
  });

  test('a list that takes longer than the silence lasts is read once', async () => {
    await using scene = new Scene('ConfigMap');
    const { promise, resolve } = Promise.withResolvers<void>();
    scene.answering = promise;
    await scene.pass(0);
    for (let second = 0; second < 60; second++) {
      await scene.progress(11, {});
      await scene.pass(1_000);
    }
    scene.state = { items: [configMap('a', 3)], resourceVersion: 10 };
    resolve();
    for (let second = 0; second < 30; second++) {
      await scene.progress(12 + second, {});
      await scene.pass(1_000);
    }
    expect([scene.told, scene.lists, scene.repairs]).toEqual([['ADDED a@3'], 1, []]);
  });

  test('a step of the wall clock is no silence, and hides none', async () => {
    await using scene = await synced('ConfigMap');
    scene.clock.stepWall(3_600_000);
    await scene.progress(11, {});
    await scene.pass(1_000);
    scene.clock.stepWall(-7_200_000);
    await scene.pass(1_000);
    expect(scene.repairs).toEqual([]);
    for (let second = 0; second < 12; second++) await scene.pass(1_000);
    expect(scene.repairs).toEqual(['silence']);
  });

  test('an object that cannot be decoded is named once and kept as it was; all others go on', async () => {
    await using scene = await synced('ConfigMap');
    await scene.change('a', { revision: 12, previous: 9 });
    await scene.change('a', { revision: 13, previous: 12, json: '{"metadata":{"name" "a"}}' });
    await scene.change('a', { revision: 14, previous: 13, json: '{}' });
    await scene.change('b', { revision: 15, previous: 14 });
    expect([...scene.informer.unreadable]).toEqual(['default/a']);
    expect(scene.errors.map(String)).toEqual([
      expect.stringMatching(/the object default\/a cannot be decoded: Expected ':'/),
    ]);
    await scene.change('a', { revision: 16, previous: 15, json: 'damaged', type: 'DELETED' });
    expect(scene.told).toEqual(['ADDED a@12', 'ADDED b@15', 'DELETED a@12']);
    expect([scene.informer.unreadable.size, scene.lists, scene.informer.revision]).toEqual([0, 1, 16]);
  });

  test('a silent bus is stood in for by the api, until it speaks again', async () => {
    await using scene = new Scene('ConfigMap', {}, true);
    for (let second = 0; second < 15; second++) await scene.pass(1_000);
    expect([scene.repairs, scene.watches, scene.lists]).toEqual([['silence'], [10], 2]);
    scene.sendWatched?.({ type: 'ADDED', object: configMap('a', 12), resourceVersion: 12 });
    for (let second = 0; second < 60; second++) await scene.pass(1_000);
    expect([scene.told, scene.lists]).toEqual([['ADDED a@12'], 2]);
    // The relay goes on where the watch ended.
    await scene.progress(13, { configmaps: 12 });
    expect(scene.sendWatched).toBeUndefined();
    await scene.change('b', { revision: 14, previous: 12 });
    expect([scene.told, scene.lists, scene.errors]).toEqual([['ADDED a@12', 'ADDED b@14'], 2, []]);
    scene.state = { items: [configMap('a', 12), configMap('b', 14)], resourceVersion: 14 };
    for (let second = 0; second < 15; second++) await scene.pass(1_000);
    expect(scene.watches).toEqual([10, 14]);
  });

  test('word from a relay that was replaced is silence; after it, whoever speaks is believed', async () => {
    await using scene = await synced('ConfigMap');
    await scene.progress(10, {}, 0, 5);
    for (let second = 0; second < 30; second++) {
      await scene.progress(11 + second, {}, 0, 4);
      await scene.pass(1_000);
    }
    expect(scene.repairs).toEqual(['silence']);
  });

  test('more messages than may wait are given up, and the state read in their place', async () => {
    await using scene = await synced('ConfigMap');
    // While the informer waits to read the state, nobody takes messages.
    await scene.change('a', { revision: 20, previous: 15 });
    for (let revision = 21; revision < 50_023; revision++) await scene.flood(revision);
    scene.state = { items: [configMap('z', 51_000)], resourceVersion: 51_000 };
    await scene.pass(1_000);
    await scene.pass(1_000);
    expect(scene.repairs).toEqual(['gap', 'overflow']);
    expect(scene.told).toEqual(['ADDED z@51000']);
  });

  test('an object that was too large for its message is read; one that is gone by then is not told', async () => {
    await using scene = await synced('ConfigMap');
    scene.object = configMap('big', 14);
    await scene.change('big', { revision: 12, previous: 9, json: undefined });
    scene.damage = true;
    await scene.change('damaged', { revision: 13, previous: 12, json: undefined });
    scene.damage = false;
    expect([...scene.informer.unreadable]).toEqual(['default/damaged']);
    scene.errors.length = 0;
    scene.object = undefined;
    await scene.change('gone', { revision: 14, previous: 13, json: undefined });
    await scene.change('big', { revision: 15, previous: 14, json: undefined, type: 'MODIFIED' });
    expect(scene.told).toEqual(['ADDED big@14', 'DELETED big@14']);
    expect(scene.errors).toEqual([]);
  });

  test('an api that does not answer is asked again by the informer', async () => {
    await using scene = new Scene('ConfigMap');
    scene.state = new Proxy(scene.state, {
      ownKeys: () => {
        throw new GantryError('ServiceUnavailable', 'away');
      },
    });
    await scene.pass(0);
    expect(scene.errors.length).toBeGreaterThan(0);
    scene.state = { items: [configMap('a', 3)], resourceVersion: 10 };
    await scene.pass(1_000);
    expect(scene.told).toEqual(['ADDED a@3']);
  });

  test('a new relay that began after what is known makes it read the state', async () => {
    await using scene = await synced('ConfigMap');
    await scene.progress(90, {}, 60, 2);
    await scene.pass(1_000);
    expect(scene.repairs).toEqual(['gap']);
  });
});
