import { setImmediate as turn } from 'node:timers/promises';
import { builtIn } from '@gantry/model/built-in.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { eachFault } from '@gantry/runtime/testing/faults.ts';
import { expect, test } from 'vitest';
import { DamagedObjects } from '../core/damage.ts';
import { defaultLimits } from '../core/limits.ts';
import { ObjectCache } from '../core/stored-object.ts';
import type { Selection } from './change.ts';
import { WatchHub } from './hub.ts';
import { SimStore } from './testing/sim-store.ts';

const things: Selection = {
  resource: 'things',
  namespace: '',
  everything: true,
  scope: { type: 'prefix', id: 'things/' },
  hints: [],
  matches: () => true,
};

const value = JSON.stringify({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x', namespace: 'a' } });

test('whichever call of the store fails, the hub goes on, and no watcher misses a change without an error', async () => {
  await eachFault(async (faults) => {
    const store = new SimStore();
    const clock = new FakeClock();
    const deps = { clock, log: silentLogger, limits: defaultLimits, damaged: new DamagedObjects(silentLogger) };
    await using hub = new WatchHub({
      ...deps,
      store: faults.wrap(store),
      cache: new ObjectCache(1_000),
      kinds: builtIn,
      observers: [],
    });
    store.write('things/a/x', value);
    // A start that fails ends the process; the next one starts anew.
    await hub.start().catch(() => hub.start());
    const watchers = [0, 1].map((after) => watcher(hub, after));
    for (let round = 0; round < 4; round++) {
      store.write('things/a/x', value);
      await pass(clock);
    }
    for (let round = 0; round < 4; round++) await pass(clock);
    expect([hub.revision, hub.following]).toEqual([store.revision, true]);
    for (const [after, { seen, error }] of watchers.entries()) {
      const all = [1, 2, 3, 4, 5].slice(after);
      expect(seen).toEqual(error() === undefined ? all : all.slice(0, seen.length));
    }
  });
});

async function pass(clock: FakeClock): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn();
  clock.advance(5_000);
  for (let turns = 0; turns < 4; turns++) await turn();
}

function watcher(hub: WatchHub, after: number): { readonly seen: number[]; readonly error: () => unknown } {
  const seen: number[] = [];
  let error: unknown;
  const read = async (): Promise<void> => {
    for await (const event of hub.watch(things, after, new AbortController().signal)) {
      if (event.type !== 'BOOKMARK') seen.push(event.resourceVersion);
    }
  };
  read().catch((thrown: unknown) => {
    error = thrown;
  });
  return { seen, error: () => error };
}
