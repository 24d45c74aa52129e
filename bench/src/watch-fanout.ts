/**
 * The cost of a pod's change where each node's agent has watches of its own: with agents that watch other nodes' pods, does
 * a change cost as much as its own watches, or as much as all? Takes about a minute:
 *
 *     scripts/node bench/src/watch-fanout.ts [--changes 20000]
 *
 * Each of the nodes has a watch of its pods and four of single ConfigMaps, as an agent has. The changes are of the pods of
 * ten of the nodes. The time is that of this process's processor from the first change until the last event is taken; the first line,
 * without watches, is the write to the store and the index alone.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { DamagedObjects } from '@gantry/api/core/damage.ts';
import { defaultLimits } from '@gantry/api/core/limits.ts';
import { selectionOf } from '@gantry/api/core/selection.ts';
import { ObjectCache } from '@gantry/api/core/stored-object.ts';
import { WatchHub } from '@gantry/api/watch/hub.ts';
import { builtIn, kindOf } from '@gantry/model/built-in.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';

const values = readArguments("The cost of a pod's change where each node's agent has watches of its own.", {
  changes: { type: 'number', about: 'changes that are timed', default: 20_000 },
});
const changes = values.changes;
const busyNodes = 10;
const configMapsPerNode = 4;
const perCommit = 100;

console.log(describeMachine());
console.log('nodes with agents   watches   events taken   processor a change');
for (const nodes of [0, 10, 100, 1_000, 4_000]) {
  const { watches, events, micros } = await measure(nodes);
  const columns = [String(nodes).padStart(17), String(watches).padStart(10), String(events).padStart(15)];
  console.log(`${columns.join('')}${`${(micros / changes).toFixed(1)} µs`.padStart(21)}`);
}

async function measure(nodes: number): Promise<{ watches: number; events: number; micros: number }> {
  await using store = await openStore('sqlite::memory:');
  const damaged = new DamagedObjects(silentLogger);
  const deps = { store, damaged, clock: systemClock, log: silentLogger, limits: defaultLimits, observers: [] };
  await using hub = new WatchHub({ ...deps, kinds: builtIn, cache: new ObjectCache(24 * 1024 * 1024) });
  await hub.start();
  const stop = new AbortController();
  let events = 0;
  const watch = async (kind: 'Pod' | 'ConfigMap', namespace: string, fieldSelector: string): Promise<void> => {
    const query = { namespace, labelSelector: '', fieldSelector };
    const selection = selectionOf(builtIn.formOfResource(resourceOf(kindOf(kind))), query, defaultLimits);
    for await (const event of hub.watch(selection, 0, stop.signal)) if (event.type !== 'BOOKMARK') events++;
  };
  const watching: Promise<void>[] = [];
  for (let node = 0; node < nodes; node++) {
    watching.push(watch('Pod', '', `spec.nodeName=node-${node}`));
    for (let map = 0; map < configMapsPerNode; map++) {
      watching.push(watch('ConfigMap', `ns-${node % 50}`, `metadata.name=config-${node}-${map}`));
    }
  }
  // All have joined before the first change.
  for (let turns = 0; turns < 100; turns++) await nextTurn();
  const startedMicros = cpuMicros();
  for (let done = 0; done < changes; done += perCommit) {
    await store.commit(Array.from({ length: perCommit }, (_, index) => put(done + index)));
  }
  await hub.reached(changes, 60_000);
  while (nodes > 0 && events < changes) await delay(1);
  const micros = cpuMicros() - startedMicros;
  const watches = hub.watcherCount;
  stop.abort();
  await Promise.all(watching);
  return { watches, events, micros };
}

/** A change of the status of one of the busy nodes' pods, of 3 KB. */
function put(change: number) {
  const node = change % busyNodes;
  const name = `pod-${change % 300}`;
  const padding = { padding: 'x'.repeat(2_500) };
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations: padding },
    spec: { nodeName: `node-${node}`, containers: [{ name: 'main', image: 'pause:3' }] },
    status: { phase: 'Running', message: String(change) },
  };
  return { type: 'put', key: `pods/default/${name}`, value: JSON.stringify(object) } as const;
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
