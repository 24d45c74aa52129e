/** The hub's one promise, under everything that may go wrong: a watcher gets every change in order once, or an error. */

import { setImmediate as turn } from 'node:timers/promises';
import { builtIn } from '@gantry/model/built-in.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import type { Change } from '@gantry/store/store.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DamagedObjects } from '../core/damage.ts';
import { defaultLimits } from '../core/limits.ts';
import { ObjectCache, type Stored } from '../core/stored-object.ts';
import type { Selection } from './change.ts';
import { WatchHub } from './hub.ts';
import type { ChangeObserver } from './observers.ts';
import { SimStore } from './testing/sim-store.ts';

const keys = ['pods/a/1', 'pods/a/2', 'pods/b/1', 'nodes/_/n1'] as const;

/** A pod's text; `damaged` makes one that cannot be decoded. */
function text(key: string, node: string, damaged: boolean): string {
  const [, namespace, name] = key.split('/');
  const kind = key.startsWith('pods') ? 'Pod' : 'Node';
  const value = JSON.stringify({ apiVersion: 'v1', kind, metadata: { name, namespace }, spec: { nodeName: node } });
  return damaged ? value.replace('":', '"') : value;
}

const everyPod: Selection = {
  resource: 'pods',
  namespace: '',
  everything: true,
  scope: { type: 'prefix', id: 'pods/' },
  hints: [],
  matches: () => true,
};
const selections: Readonly<Record<string, Selection>> = {
  everyPod,
  ofNamespace: { ...everyPod, namespace: 'a', scope: { type: 'prefix', id: 'pods/a/' } },
  onNode: {
    ...everyPod,
    everything: false,
    scope: { type: 'field', id: 'pods/?spec.nodeName=n1' },
    matches: ({ spec }) => spec?.nodeName === 'n1',
  },
  one: {
    ...everyPod,
    everything: false,
    scope: { type: 'object', id: 'pods/a/1' },
    matches: ({ metadata }) => metadata.name === '1' && metadata.namespace === 'a',
  },
};

/** Counts the pods of each text; throws when it is told to. */
class CountingObserver implements ChangeObserver {
  readonly prefixes = ['pods/'];
  readonly pods = new Map<string, number>();
  throwing = 0;

  reset(): void {
    this.pods.clear();
  }

  onEntry(stored: Stored): void {
    this.pods.set(stored.key, stored.revision);
  }

  onChange(change: Change): void {
    if (this.throwing > 0) {
      this.throwing--;
      throw new Error('the observer is broken');
    }
    if (!change.key.startsWith('pods/')) return;
    if (change.type === 'delete') this.pods.delete(change.key);
    else this.pods.set(change.key, change.revision);
  }
}

interface Seen {
  readonly selection: Selection;
  readonly after: number;
  readonly stop: AbortController;
  readonly events: string[];
  readonly throws: boolean;
  /** Takes events only now and then. */
  readonly dozes: boolean;
  error: unknown;
  ended: boolean;
}

/** The events of a selection's watcher, found the slow and obvious way. */
function expected(changes: readonly Change[], { selection, after }: Seen): string[] {
  const sees = (key: string, value: string | undefined): boolean => {
    if (value === undefined || value.includes('"apiVersion""')) return false;
    const object = JSON.parse(value);
    return (
      key.startsWith('pods/') &&
      (selection.namespace === '' || object.metadata.namespace === selection.namespace) &&
      selection.matches(object)
    );
  };
  return changes.slice(after).flatMap((change) => {
    const is = change.type === 'put' && sees(change.key, change.value);
    const was = sees(change.key, change.previous);
    return is || was ? [`${is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED'} ${change.revision}`] : [];
  });
}

/** A watcher of everything need not know that an object was damaged before: it may be told that a new one changed. */
function tidied(selection: Selection, event: string): string {
  return selection.everything ? event.replace('MODIFIED', 'ADDED') : event;
}

const write = fc.record({
  type: fc.constant('write' as const),
  key: fc.constantFrom(...keys),
  node: fc.constantFrom('', 'n1', 'n2'),
  deletes: fc.boolean(),
  damaged: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
});
const join = fc.record({
  type: fc.constant('join' as const),
  selection: fc.constantFrom('everyPod', 'ofNamespace', 'onNode', 'one'),
  back: fc.nat(12),
  throws: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
  dozes: fc.boolean(),
});
const step = fc.oneof(
  { weight: 8, arbitrary: write },
  { weight: 4, arbitrary: join },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), lists: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'break' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'throw' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), which: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('turn' as const), ms: fc.constantFrom(0, 0, 100, 6_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly store = new SimStore();
  readonly clock = new FakeClock();
  readonly observer = new CountingObserver();
  readonly seen: Seen[] = [];
  readonly hub: WatchHub;
  #wake = Promise.withResolvers<void>();
  /** True once something happened that may end watchers that did nothing wrong. */
  disturbed = false;

  constructor() {
    const damaged = new DamagedObjects(silentLogger);
    const deps = { store: this.store, clock: this.clock, log: silentLogger, damaged };
    const cache = new ObjectCache(1_000_000);
    // Hardly any room, so that watchers that doze fall behind.
    const limits = { ...defaultLimits, maxWatchBacklog: 3 };
    this.hub = new WatchHub({ ...deps, kinds: builtIn, cache, limits, observers: [this.observer] });
  }

  async carryOut(one: Step): Promise<void> {
    if (one.type === 'write') this.store.write(one.key, one.deletes ? undefined : text(one.key, one.node, one.damaged));
    else if (one.type === 'join') this.#join(one.selection, Math.max(0, this.store.revision - one.back), one);
    else if (one.type === 'abort') this.seen[one.which]?.stop.abort();
    else if (one.type === 'turn') await this.pass(one.ms);
    else {
      this.disturbed = true;
      if (one.type === 'throw') this.observer.throwing++;
      if (one.type === 'break') this.store.breakWatches(new GantryError('ServiceUnavailable', 'away'));
      if (one.type === 'lose') {
        this.store.failingLists = one.lists;
        this.store.compacted = this.store.revision;
        this.store.breakWatches(new GantryError('Expired', 'compacted'));
      }
    }
  }

  #join(name: string, after: number, { throws, dozes }: { readonly throws: boolean; readonly dozes: boolean }): void {
    const base = selections[name]!;
    const refuse = (): boolean => {
      throw new Error('the selector is broken');
    };
    const selection = throws ? { ...base, everything: false, matches: refuse } : base;
    const seen: Seen = {
      selection,
      after,
      stop: new AbortController(),
      events: [],
      throws,
      dozes,
      error: undefined,
      ended: false,
    };
    this.seen.push(seen);
    const read = async (): Promise<void> => {
      for await (const event of this.hub.watch(selection, after, seen.stop.signal)) {
        if (event.type !== 'BOOKMARK') seen.events.push(`${event.type} ${event.resourceVersion}`);
        if (dozes) await this.#wake.promise;
      }
    };
    read()
      .catch((error: unknown) => {
        seen.error = error;
      })
      .finally(() => {
        seen.ended = true;
      });
  }

  async pass(ms: number): Promise<void> {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
    for (let turns = 0; turns < 3; turns++) await turn();
    this.clock.advance(ms);
    for (let turns = 0; turns < 3; turns++) await turn();
  }

  /** Lets everything that is broken be whole again, and everybody catch up. */
  async heal(): Promise<void> {
    this.store.failingLists = 0;
    this.observer.throwing = 0;
    for (let round = 0; round < 12; round++) await this.pass(5_000);
    // Those that doze take an event a time.
    for (let round = 0; round < this.store.revision; round++) await this.pass(0);
  }
}

test('whatever breaks, a watcher gets every change in order once or is ended with an error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      await world.hub.start();
      for (const one of steps) await world.carryOut(one);
      await world.heal();
      for (const seen of world.seen.filter(({ throws }) => !throws)) {
        const told = seen.events.map((event) => tidied(seen.selection, event));
        const wanted = expected(world.store.changes, seen).map((event) => tidied(seen.selection, event));
        const isWhole = !seen.ended && !seen.stop.signal.aborted;
        expect(told).toEqual(isWhole ? wanted : wanted.slice(0, told.length));
        if (!isWhole && !seen.stop.signal.aborted) expect(seen.error).toBeInstanceOf(GantryError);
        if (!world.disturbed && !seen.stop.signal.aborted) expect(seen.error).toBeUndefined();
      }
      expect(world.hub.revision).toBe(world.store.revision);
      const pods = world.store.list({ prefix: 'pods/' });
      expect([...world.observer.pods].sort()).toEqual(
        (await pods).entries.map(({ key, revision }) => [key, revision]).sort(),
      );
      await world.hub[Symbol.asyncDispose]();
    }),
    { numRuns: 300 },
  );
}, 60_000);
