import { setImmediate as nextTurn } from 'node:timers/promises';
import { builtIn } from '@gantry/model/built-in.ts';
import { type Clock, FakeClock, systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore, Store } from '@gantry/store/store.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DamagedObjects } from '../core/damage.ts';
import { defaultLimits } from '../core/limits.ts';
import { type AnyObject, ObjectCache } from '../core/stored-object.ts';
import type { Selection, WatchEvent } from './change.ts';
import { WatchHub } from './hub.ts';
import type { ChangeObserver } from './observers.ts';
import { SimStore } from './testing/sim-store.ts';

async function hubOver(
  store: Pick<Store, 'list' | 'watch'>,
  limits = defaultLimits,
  clock: Clock = new FakeClock(),
  damaged = new DamagedObjects(silentLogger),
  observers: readonly ChangeObserver[] = [],
): Promise<WatchHub> {
  const cache = new ObjectCache(1_000_000);
  const hub = new WatchHub({ kinds: builtIn, store, cache, damaged, limits, clock, log: silentLogger, observers });
  await hub.start();
  return hub;
}

const red: Selection = {
  resource: 'things',
  namespace: 'a',
  everything: false,
  scope: { type: 'prefix', id: 'things/a/' },
  hints: [],
  matches: (object) => object.metadata.labels?.color === 'red',
};

function value(key: string, color: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const object: AnyObject = { apiVersion: 'v1', kind: 'Thing', metadata: { name, labels: { color } } };
  return JSON.stringify(object);
}

interface Step {
  readonly key: string;
  /** Undefined deletes. */
  readonly color: string | undefined;
}

async function write(store: OpenStore, { key, color }: Step): Promise<void> {
  await store.commit([color === undefined ? { type: 'delete', key } : { type: 'put', key, value: value(key, color) }]);
}

/** The events of the steps after a revision for a watcher of the red things, found the simple way. */
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
        // Changes of before the hub's start are read from the store, later ones from its memory.
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

  test('gives a watcher that does not keep up what it missed, and keeps nothing for it meanwhile', async () => {
    await using store = await openStore('sqlite::memory:');
    await using hub = await hubOver(store, { ...defaultLimits, maxWatchBacklog: 4 });
    const stop = new AbortController();
    const slow = hub.watch(red, 0, stop.signal);
    const first = slow.next();
    for (let i = 0; i < 30; i++) await write(store, { key: `things/a/${i}`, color: 'red' });
    await hub.reached(30, 5_000);
    const revisions = [(await first).value?.resourceVersion];
    while (revisions.length < 30) revisions.push((await slow.next()).value?.resourceVersion);
    expect(revisions).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    stop.abort();
  });

  test('ends a watcher that does not keep up where what it missed was compacted', async () => {
    await using store = await openStore('sqlite::memory:');
    await using hub = await hubOver(store, { ...defaultLimits, maxWatchBacklog: 4 }, systemClock);
    const stop = new AbortController();
    const slow = hub.watch(red, 0, stop.signal);
    const first = slow.next();
    // More than memory holds.
    const text = 'x'.repeat(1_000_000);
    for (let i = 0; i < 20; i++) {
      const object = { ...JSON.parse(value(`things/a/${i}`, 'red')), text };
      await store.commit([{ type: 'put', key: `things/a/${i}`, value: JSON.stringify(object) }]);
    }
    await hub.reached(20, 5_000);
    await store.compact(19);
    await first;
    await expect(Array.fromAsync(slow)).rejects.toMatchObject({ reason: 'Expired' });
    const other = hub.watch(red, 19, stop.signal);
    expect((await other.next()).value).toMatchObject({ type: 'ADDED', resourceVersion: 20 });
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

  test('a wait for a revision ends with its signal, and leaves nothing behind whatever ends it', async () => {
    await using store = await openStore('sqlite::memory:');
    const clock = new FakeClock();
    await using hub = await hubOver(store, defaultLimits, clock);
    await expect(hub.reached(1, 5_000, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    const stop = new AbortController();
    const waits = [hub.reached(1, 5_000), hub.reached(9, 5_000), hub.reached(9, 60_000, stop.signal)];
    const outcomes = Promise.allSettled(waits);
    await write(store, { key: 'things/a/1', color: 'red' });
    await waits[0];
    clock.advance(5_000);
    stop.abort(new Error('gone'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(waits[1]).rejects.toMatchObject({ reason: 'Timeout' });
    await expect(waits[2]).rejects.toThrow('gone');
    expect(hub.waiterCount).toBe(0);
  });

  test('who joins while the state is loaded anew waits for it, and is told that changes may have been missed', async () => {
    const store = new SimStore();
    const clock = new FakeClock();
    await using hub = await hubOver(store, defaultLimits, clock);
    store.write('things/a/1', value('things/a/1', 'red'));
    store.compacted = 1;
    store.failingLists = 1;
    store.breakWatches(new GantryError('Expired', 'compacted'));
    await nextTurn();
    expect(hub.following).toBe(false);
    const stop = new AbortController();
    const early = hub.watch(red, 0, stop.signal).next();
    const later = hub.watch(red, 1, stop.signal).next();
    const outcome = expect(early).rejects.toMatchObject({ reason: 'Expired' });
    for (let round = 0; round < 4; round++) {
      clock.advance(2_000);
      await nextTurn();
    }
    await outcome;
    store.write('things/a/2', value('things/a/2', 'red'));
    expect((await later).value).toMatchObject({ type: 'ADDED', resourceVersion: 2 });
    stop.abort();
  });

  test('a selector that throws ends its own watch; all others are told of the change', async () => {
    await using store = await openStore('sqlite::memory:');
    await using hub = await hubOver(store);
    const stop = new AbortController();
    const throwing: Selection = {
      ...red,
      matches: () => {
        throw new Error('broken');
      },
    };
    const broken = hub.watch(throwing, 0, stop.signal).next();
    const whole = hub.watch(red, 0, stop.signal).next();
    const outcome = expect(broken).rejects.toMatchObject({ message: 'Internal error occurred: broken' });
    await write(store, { key: 'things/a/1', color: 'red' });
    expect((await whole).value).toMatchObject({ type: 'ADDED', resourceVersion: 1 });
    await outcome;
    stop.abort();
  });

  test('a damaged object counts as absent: a watcher that knew it is told that it is gone', async () => {
    await using store = await openStore('sqlite::memory:');
    const damaged = new DamagedObjects(silentLogger);
    await using hub = await hubOver(store, defaultLimits, new FakeClock(), damaged);
    const key = 'things/a/1';
    const stop = new AbortController();
    const watch = hub.watch(red, 0, stop.signal);
    const first = watch.next();
    await write(store, { key, color: 'red' });
    await store.commit([{ type: 'put', key, value: '{"apiVersion"' }]);
    await hub.reached(2, 5_000);
    expect([damaged.all().map((one) => one.key), hub.following]).toEqual([[key], true]);
    await write(store, { key, color: 'red' });
    const events = [await first, await watch.next(), await watch.next()];
    const told = events.map(({ value }) => `${value!.type} ${value!.resourceVersion}`);
    expect([told, damaged.size]).toEqual([['ADDED 1', 'DELETED 2', 'ADDED 3'], 0]);
    stop.abort();
  });

  test('an object that an observer cannot read is damaged, and ends no watch', async () => {
    await using store = await openStore('sqlite::memory:');
    const damaged = new DamagedObjects(silentLogger);
    const observer: ChangeObserver = {
      prefixes: ['things/'],
      reset: () => {},
      onEntry: () => {},
      onChange: (_, event) => {
        expect((event!.object!.spec as { list: string[] }).list.length).toBe(0);
      },
    };
    await using hub = await hubOver(store, defaultLimits, new FakeClock(), damaged, [observer]);
    const stop = new AbortController();
    const next = hub.watch(red, 0, stop.signal).next();
    await write(store, { key: 'things/a/1', color: 'red' });
    expect((await next).value).toMatchObject({ type: 'ADDED', resourceVersion: 1 });
    expect([damaged.all().map(({ key }) => key), hub.following]).toEqual([['things/a/1'], true]);
    stop.abort();
  });
});
