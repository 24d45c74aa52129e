/**
 * Gantry's api beside a real kube-apiserver with etcd, in one run: the same requests from the same client, one server after the
 * other, each in processes of its own. Takes some four minutes:
 *
 *     PEERS=FOLDER scripts/node bench/src/kube-apiserver.ts [--pods 3000] [--in-flight 32] [--listed 10000] [--watchers 1000]
 *
 * PEERS names a folder whose bin/ holds etcd and kube-apiserver. Every server stores its writes as its distributions do: etcd
 * syncs each commit to the disk, SQLite and Redis do as `gantry up` and `gantry distributed` set them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { readArguments, refuse } from './arguments.ts';
import { type CoreObject, type Load, namespace } from './kubernetes/load.ts';
import type { Server } from './kubernetes/servers.ts';
import { sideBySide } from './kubernetes/side-by-side.ts';
import { quietly, row, timed } from './kubernetes/timing.ts';

const values = readArguments("Gantry's api beside a real kube-apiserver with etcd.", {
  pods: { type: 'number', about: 'pods that are created, read, replaced and applied', default: 3_000 },
  'in-flight': { type: 'number', about: 'requests in flight', default: 32 },
  listed: { type: 'number', about: 'pods in a list', default: 10_000 },
  watchers: { type: 'number', about: 'watches of all pods', default: 1_000 },
  objects: { type: 'number', about: 'ConfigMaps for the figure of memory', default: 100_000 },
});
const inFlight = values['in-flight'];
const peers = process.env.PEERS;
if (!peers) refuse('PEERS is missing: the folder whose bin/ holds etcd and kube-apiserver');

await sideBySide(peers, ['sqlite', 'redis'], measure);

async function measure(server: Server): Promise<void> {
  console.log(`\n${server.name}: ${(await server.memoryMb()).toFixed(0)} MB after the start`);
  const [first] = server.loads;
  await first.createNamespace(namespace);
  for (const [index, load] of server.loads.entries()) await measureRequests(load, `c${index}`);
  console.log(`${server.name}: ${(await server.memoryMb()).toFixed(0)} MB after the pods`);
  await measureLists(server);
  for (const load of server.loads) await measureFanOut(load);
  await fill(first);
  console.log(`${server.name}: ${(await server.memoryMb()).toFixed(0)} MB with ${values.objects} ConfigMaps more`);
}

async function measureRequests(load: Load, prefix: string): Promise<void> {
  const names = Array.from({ length: values.pods }, (_, index) => `${prefix}-${index}`);
  await timed(load, 'create', names, inFlight, (name) => load.create('pods', pod(name)));
  await timed(load, 'get', names, inFlight, async (name) => void (await load.get(name)));
  const pods = new Map<string, CoreObject>();
  for (const name of names) pods.set(name, await load.get(name));
  await timed(load, 'update', names, inFlight, (name) => {
    const { metadata, ...rest } = pods.get(name)!;
    return load.update({ ...rest, metadata: { ...metadata, labels: { app: 'web', changed: 'yes' } } } as CoreObject);
  });
  const { apply } = load;
  if (apply !== undefined) {
    const config = (name: string): CoreObject => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, annotations: { applied: 'yes' } },
    });
    await timed(load, 'apply', names, inFlight, (name) => apply(config(name)));
  }
}

async function measureLists(server: Server): Promise<void> {
  const [first] = server.loads;
  const missing = Math.max(0, values.listed - values.pods * server.loads.length);
  const names = Array.from({ length: missing }, (_, index) => `list-${index}`);
  await quietly(names, inFlight, (name) => first.create('pods', pod(name)));
  for (const load of server.loads) {
    const latencies: number[] = [];
    const gets: number[] = [];
    let isOver = false;
    const getting = (async () => {
      while (!isOver) {
        const sentMs = performance.now();
        await load.get('c0-0');
        gets.push(performance.now() - sentMs);
        await delay(5);
      }
    })();
    let count = 0;
    for (let round = 0; round < 5; round++) {
      const sentMs = performance.now();
      count = await load.list();
      latencies.push(performance.now() - sentMs);
    }
    isOver = true;
    await getting;
    row(load, `list ${count} pods`, '', latencies);
    row(load, 'get meanwhile', '', gets);
  }
}

/** The time from a change's request until every watch has it. */
async function measureFanOut(load: Load): Promise<void> {
  await using stack = new AsyncDisposableStack();
  let seen = 0;
  for (let watcher = 0; watcher < values.watchers; watcher++) stack.use(await load.watch(() => seen++));
  await untilStill(() => seen);
  const latencies: number[] = [];
  for (let round = 0; round < 20; round++) {
    seen = 0;
    const current = await load.get('c0-0');
    const labels = { app: 'web', round: String(round) };
    const sentMs = performance.now();
    await load.update({ ...current, metadata: { ...current.metadata, labels } });
    while (seen < values.watchers) await delay(1);
    latencies.push(performance.now() - sentMs);
  }
  row(load, `to ${values.watchers} watches`, '', latencies);
}

/** Waits until a count does not grow any more: watches begin with what is there. */
async function untilStill(count: () => number): Promise<void> {
  for (let last = -1; last !== count(); await delay(1_000)) last = count();
}

async function fill(load: Load): Promise<void> {
  const names = Array.from({ length: values.objects }, (_, index) => `map-${index}`);
  await quietly(names, inFlight, (name) =>
    load.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { key: 'x'.repeat(200) },
    }),
  );
}

function pod(name: string): CoreObject {
  const resources = { requests: { cpu: '100m', memory: '64Mi' } };
  const containers = [{ name: 'main', image: 'example.com/web:1', env: [{ name: 'A', value: '1' }], resources }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: 'web' } }, spec: { containers } };
}
