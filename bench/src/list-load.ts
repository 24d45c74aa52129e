/**
 * An api under more lists than it can answer: is a `get` still answered at once, and is memory bounded? Takes about three
 * minutes and 2 GB of disk:
 *
 *     scripts/node bench/src/list-load.ts [--configmaps 142700] [--pods 20000] [--pod-chars 50000] [--lists 1000] [--seconds 30]
 *
 * The api is a process of its own over SQLite. First `--lists` lists of one full page are sent at once, half of them of
 * ConfigMaps and half of Pods, by clients with twelve connections; then, for `--seconds`, as many are kept in flight. A
 * client of its own gets one object every 20 ms meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Client, connect } from '@gantry/client/client.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { openStore } from '@gantry/store/open.ts';
import type { Operation } from '@gantry/store/store.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';

const values = readArguments('An api under more lists than it can answer.', {
  configmaps: { type: 'number', about: 'ConfigMaps in the store', default: 142_700 },
  pods: { type: 'number', about: 'pods in the store', default: 20_000 },
  'pod-chars': { type: 'number', about: 'characters of a pod', default: 50_000 },
  lists: { type: 'number', about: 'lists at once', default: 1_000 },
  seconds: { type: 'number', about: 'seconds for which as many are kept in flight', default: 30 },
});
const { lists } = values;
const connections = 12;
const batchChars = 8_000_000;
const root = join(import.meta.dirname, '../..');

if (isMainThread) await main();
else await getAllTheTime(workerData as string);

async function main(): Promise<void> {
  console.log(describeMachine());
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    const store = `sqlite:${join(folder, 'state.db')}?synchronous=normal`;
    await fill(store);
    const startedMs = performance.now();
    const api = await startApi(store);
    console.log(`started in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s, ${residentMb(api.pid)} MB`);
    try {
      console.log(
        '                      answered   refused    failed    get median       p99   longest    memory   its peak',
      );
      await measure(`${lists} lists at once`, api, burst);
      await measure(`${lists} lists in flight`, api, flood);
      await delay(10_000);
      console.log(`ten seconds later, ${residentMb(api.pid)} MB`);
    } finally {
      api.process.kill('SIGTERM');
      await once(api.process, 'exit');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(url: string): Promise<void> {
  await using store = await openStore(url);
  const configMap = 'x'.repeat(480);
  const padding = 'x'.repeat(Math.max(0, values['pod-chars'] - 420));
  const objects = function* (): Generator<Operation> {
    yield put('namespaces/_/default', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
    for (let index = 0; index < values.configmaps; index++) {
      const metadata = metadataOf(`cm-${String(index).padStart(6, '0')}`);
      yield put(`configmaps/default/${metadata.name}`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { configMap },
      });
    }
    for (let index = 0; index < values.pods; index++) {
      const metadata = { ...metadataOf(`pod-${String(index).padStart(6, '0')}`), annotations: { padding } };
      const spec = { containers: [{ name: 'main', image: 'pause:3' }], nodeName: `node-${index % 1_000}` };
      yield put(`pods/default/${metadata.name}`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    }
  };
  let batch: Operation[] = [];
  let chars = 0;
  for (const operation of objects()) {
    batch.push(operation);
    chars += (operation as { value: string }).value.length;
    if (batch.length < 1_000 && chars < batchChars) continue;
    await store.commit(batch);
    [batch, chars] = [[], 0];
  }
  if (batch.length > 0) await store.commit(batch);
}

function metadataOf(name: string) {
  const uid = '00000000-0000-4000-8000-000000000000';
  return { name, namespace: 'default', uid, creationTimestamp: '2026-01-01T00:00:00Z' };
}

function put(key: string, object: object): Operation {
  return { type: 'put', key, value: JSON.stringify(object) };
}

interface Api {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly address: string;
}

async function startApi(store: string): Promise<Api> {
  const address = '127.0.0.1:7719';
  const flags = ['--store', store, '--listen', address, '--bus', 'memory:', '--trust-network'];
  const child = spawn(join(root, 'scripts/node'), [join(root, 'services/api/src/main.ts'), ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  using client = connect(address);
  await client.list('Namespace', {}, { timeoutMs: 120_000 });
  return { process: child, pid: child.pid!, address };
}

interface Outcomes {
  answered: number;
  refused: number;
  failed: number;
}

type Load = (clients: readonly Client[], outcomes: Outcomes) => Promise<void>;

/** All lists at once, each once. */
async function burst(clients: readonly Client[], outcomes: Outcomes): Promise<void> {
  await Promise.all(Array.from({ length: lists }, (_, index) => listOnce(clients, index, outcomes)));
}

/** As many lists in flight all the time. A client that is refused waits for the second that it is told to wait. */
async function flood(clients: readonly Client[], outcomes: Outcomes): Promise<void> {
  const endMs = performance.now() + values.seconds * 1_000;
  const keepListing = async (index: number): Promise<void> => {
    while (performance.now() < endMs) {
      const wasRefused = await listOnce(clients, index, outcomes);
      if (wasRefused) await delay(1_000 + Math.random() * 1_000);
    }
  };
  await Promise.all(Array.from({ length: lists }, (_, index) => keepListing(index)));
}

async function listOnce(clients: readonly Client[], index: number, outcomes: Outcomes): Promise<boolean> {
  const client = clients[index % clients.length]!;
  try {
    await client.list(index % 2 === 0 ? 'ConfigMap' : 'Pod', {}, { timeoutMs: 30_000 });
    outcomes.answered++;
    return false;
  } catch (error) {
    const isRefused = isError(error, 'TooManyRequests');
    if (isRefused) outcomes.refused++;
    else outcomes.failed++;
    return isRefused;
  }
}

async function measure(name: string, api: Api, load: Load): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const clients = Array.from({ length: connections }, () => stack.use(connect(api.address)));
  const outcomes: Outcomes = { answered: 0, refused: 0, failed: 0 };
  const stop = new AbortController();
  const memory = watchMemory(api.pid, stop.signal);
  // The clients that list are busy with what they get: a thread of its own measures the gets.
  const getting = new Worker(import.meta.filename, { workerData: api.address, argv: process.argv.slice(2) });
  await once(getting, 'online');
  await load(clients, outcomes);
  stop.abort();
  const measured = once(getting, 'message');
  getting.postMessage('stop');
  const [latencies] = (await measured) as [number[]];
  const sorted = latencies.toSorted((left, right) => left - right);
  const at = (share: number): string =>
    `${(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(0)} ms`;
  const { answered, refused, failed } = outcomes;
  const columns = [
    answered,
    refused,
    failed,
    at(0.5),
    at(0.99),
    at(1),
    `${residentMb(api.pid)} MB`,
    `${await memory} MB`,
  ];
  console.log(name.padEnd(20) + columns.map((column) => String(column).padStart(10)).join(''));
}

/** Measures a get every 20 ms until it is told to stop, and then tells the latencies. One that fails counts as 30 seconds. */
async function getAllTheTime(address: string): Promise<void> {
  using client = connect(address);
  const latencies: number[] = [];
  let isStopped = false;
  parentPort!.once('message', () => {
    isStopped = true;
  });
  while (!isStopped) {
    const startedMs = performance.now();
    await client.get('ConfigMap', { namespace: 'default', name: 'cm-000007' }).then(
      () => latencies.push(performance.now() - startedMs),
      () => latencies.push(30_000),
    );
    await delay(20);
  }
  parentPort!.postMessage(latencies);
}

/** The largest resident memory in MB until the signal fires. */
async function watchMemory(pid: number, signal: AbortSignal): Promise<number> {
  let largest = 0;
  for (; !signal.aborted; await delay(100)) largest = Math.max(largest, residentMb(pid));
  return largest;
}

function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb ?? 0) / 1024);
}
