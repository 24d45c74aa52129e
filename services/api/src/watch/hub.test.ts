import { type Clock, FakeClock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../core/limits.ts';
import { type AnyObject, ObjectCache } from '../core/stored-object.ts';
import type { Selection, WatchEvent } from './change.ts';
import { type ChangeObserver, WatchHub } from './hub.ts';

async function hubOver(store: OpenStore, limits = defaultLimits, clock: Clock = new FakeClock()): Promise<WatchHub> {
  const observer: ChangeObserver = {
    load: async () => (await store.list({ prefix: '', limit: 1 })).revision,
    onChange: () => {},
  };
  const hub = new WatchHub({ store, cache: new ObjectCache(1_000_000), limits, clock, log: silentLogger, observer });
  await hub.start();
  return hub;
}

const red: Selection = {
  resource: 'things',
  namespace: 'a',
  everything: false,
  hints: [],
  matches: (object) => object.metadata.labels?.color === 'red',
};

function value(color: string): string {
  const object: AnyObject = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', labels: { color } } };
  return JSON.stringify(object);
}

interface Step {
  readonly key: string;
  /** Undefined deletes. */
  readonly color: string | undefined;
}

async function write(store: OpenStore, { key, color }: Step): Promise<void> {
  await store.commit([color === undefined ? { type: 'delete', key } : { type: 'put', key, value: value(color) }]);
}

/** What a watcher of the red things must be told of the steps after a revision, found the simple way. */
function expected(steps: readonly Step[], after: number): string[] {
  const state = new Map<string, string>();
  const told: string[] = [];
  let revision = 0;
  for (const { key, color } of steps) {
    const before = state.get(key);
    if (color === undefined && before === undefined) continue;
    revision++;
    if (color === undefined) state.delete(key);
    else state.set(key, color);
    if (revision <= after || !key.startsWith('things/a/')) continue;
    const [was, is] = [before === 'red', color === 'red'];
    if (is) told.push(`${was ? 'MODIFIED' : 'ADDED'} ${revision}`);
    else if (was) told.push(`DELETED ${revision}`);
  }
  return told;
}

const steps = fc.array(
  fc.record({
    key: fc.constantFrom('things/a/1', 'things/a/2', 'things/b/1', 'others/a/1'),
    color: fc.constantFrom('red', 'red', 'blue', undefined),
  }),
  { maxLength: 24 },
);

describe('WatchHub', () => {
  test('tells each watcher every change of its selection once, in order, from whatever revision it starts', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, fc.nat(40), async (before, later, start) => {
        await using store = await openStore('sqlite::memory:');
        // What is there before the hub starts it must read from the store, what comes after from its memory.
        for (const step of before) await write(store, step);
        await using hub = await hubOver(store);
        const joined = await store.list({ prefix: '', limit: 1 });
        const after = Math.min(start, joined.revision);
        const stop = new AbortController();
        const events: WatchEvent[] = [];
        const reading = (async () => {
          for await (const event of hub.watch(red, after, stop.signal)) events.push(event);
        })();
        for (const step of later) await write(store, step);
        const { revision } = await store.list({ prefix: '', limit: 1 });
        await hub.reached(revision, 5_000);
        const wanted = expected([...before, ...later], after);
        await expect.poll(() => events.length, { interval: 1 }).toBeGreaterThanOrEqual(wanted.length);
        stop.abort();
        await reading;
        expect(events.map(({ type, resourceVersion }) => `${type} ${resourceVersion}`)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  test('ends a watcher that does not keep up, and leaves the others alone', async () => {
    await using store = await openStore('sqlite::memory:');
    await using hub = await hubOver(store, { ...defaultLimits, maxWatchBacklog: 4 });
    const stop = new AbortController();
    const slow = hub.watch(red, 0, stop.signal);
    const first = slow.next();
    for (let i = 0; i < 12; i++) await write(store, { key: `things/a/${i}`, color: 'red' });
    await hub.reached(12, 5_000);
    await first;
    await expect(Array.fromAsync(slow)).rejects.toMatchObject({ reason: 'Expired' });
    const other = hub.watch(red, 10, stop.signal);
    expect((await other.next()).value).toMatchObject({ type: 'ADDED', resourceVersion: 11 });
    stop.abort();
  });

  test('refuses a revision that was compacted, and one that never was', async () => {
    await using store = await openStore('sqlite::memory:');
    for (let i = 0; i < 5; i++) await write(store, { key: 'things/a/1', color: 'red' });
    await store.compact(3);
    await using hub = await hubOver(store);
    const stop = new AbortController();
    await expect(hub.watch(red, 1, stop.signal).next()).rejects.toMatchObject({ reason: 'Expired' });
    expect((await hub.watch(red, 3, stop.signal).next()).value).toMatchObject({ resourceVersion: 4 });
    stop.abort();
  });

  test('lets everybody list again when changes were compacted that it never saw', async () => {
    await using store = await openStore('sqlite::memory:');
    let breakTail: (error: GantryError) => void = () => {};
    let tails = 0;
    const breaking: OpenStore = {
      ...store,
      async *watch(options) {
        if (++tails > 1) return yield* store.watch(options);
        await new Promise((_, reject) => {
          breakTail = reject;
        });
      },
    };
    await using hub = await hubOver(breaking, defaultLimits, systemClock);
    const stop = new AbortController();
    const lost = hub.watch(red, 0, stop.signal).next();
    await write(store, { key: 'things/a/1', color: 'red' });
    breakTail(new GantryError('Expired', 'compacted'));
    await expect(lost).rejects.toMatchObject({ reason: 'Expired' });
    const next = hub.watch(red, 1, stop.signal).next();
    await write(store, { key: 'things/a/2', color: 'red' });
    expect((await next).value).toMatchObject({ type: 'ADDED', resourceVersion: 2 });
    stop.abort();
  });

  test('bounds how many watch', async () => {
    await using store = await openStore('sqlite::memory:');
    await using hub = await hubOver(store, { ...defaultLimits, maxWatches: 1 });
    const stop = new AbortController();
    const one = hub.watch(red, 0, stop.signal).next();
    await expect(hub.watch(red, 0, stop.signal).next()).rejects.toMatchObject({ reason: 'TooManyRequests' });
    stop.abort();
    await one;
    expect(hub.watcherCount).toBe(0);
  });

  test('sends bookmarks', async () => {
    await using store = await openStore('sqlite::memory:');
    const clock = new FakeClock();
    await using hub = await hubOver(store, defaultLimits, clock);
    const stop = new AbortController();
    const next = hub.watch(red, 0, stop.signal).next();
    await write(store, { key: 'others/a/1', color: 'red' });
    await hub.reached(1, 5_000);
    clock.advance(60_000);
    expect((await next).value).toEqual({ type: 'BOOKMARK', resourceVersion: 1 });
    stop.abort();
  });
});
