/**
 * How long a change takes from its commit to the handlers of informers: store, relay, event bus, informer. Takes about
 * 40 seconds:
 *
 *     scripts/node bench/src/informer-latency.ts
 *
 * Everything but redis-server and nats-server runs in one process, so its parts share a processor; each informer has a
 * connection of its own. Commits are spread evenly over each second. "from commit" counts from the call of commit,
 * "after it" from the moment at which the writer knows that the commit is durable.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runRelay } from '@gantry/api/relay/relay.ts';
import { storeReader } from '@gantry/api/relay/testing/store-reader.ts';
import { busSource } from '@gantry/client/bus-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import { openBus } from '@gantry/events/open.ts';
import { progressSubject } from '@gantry/events/subjects.ts';
import { startNatsServer } from '@gantry/events/testing/nats-server.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';

const measureMs = 5_000;
const warmUpMs = 500;
const informerCount = 4;
const pods = 500;
/** A pod of about 1.5 KB. */
const filler = 'x'.repeat(1_300);

await main();

async function main(): Promise<void> {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  const memoryGib = (totalmem() / 2 ** 30).toFixed(1);
  console.log(`${cpus().length} x ${model}, ${memoryGib} GiB, node ${process.version}; ${informerCount} informers`);
  const heading = ['changes/s', 'seen', 'from commit p50', 'p99 ms', 'after it p50', 'p99 ms'];
  console.log(row('store, bus', heading));
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  await using nats = await startNatsServer();
  await using redis = await startRedisServer();
  try {
    const sqliteUrl = `sqlite:${join(folder, 'bench.db')}`;
    for (const rate of [100, 1_000]) {
      await measure('sqlite, in process', sqliteUrl, 'memory:bench', rate);
      await measure('sqlite, nats', sqliteUrl, nats.url, rate);
      await measure('redis, nats', redis.url, nats.url, rate);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** When a commit was called and when it was known to be durable, by revision. */
type Commits = Map<number, { readonly calledMs: number; readonly durableMs: number }>;

async function measure(name: string, storeUrl: string, busUrl: string, rate: number): Promise<void> {
  await using store = await openStore(storeUrl);
  await using relayBus = await openBus(busUrl);
  const stop = new AbortController();
  const deps = { store, leases: store, bus: relayBus, clock: systemClock, log: silentLogger };
  const relaying = Promise.withResolvers<void>();
  await relayBus.subscribe(progressSubject, () => relaying.resolve()).ready;
  const relay = runRelay(deps, { holder: 'bench' }, stop.signal);
  await relaying.promise;
  const seen: { revision: number; atMs: number }[] = [];
  await using stack = new AsyncDisposableStack();
  for (let index = 0; index < informerCount; index++) {
    const bus = stack.use(await openBus(busUrl));
    const informer = stack.use(newInformer(store, bus));
    await informer.hasSynced;
    informer.onChange(({ object }) => {
      seen.push({ revision: Number(object.metadata.resourceVersion), atMs: performance.now() });
    });
  }
  await write(store, rate, warmUpMs);
  const commits = await write(store, rate, measureMs);
  await delay(1_000);
  report(name, rate, commits, seen);
  await stack.disposeAsync();
  stop.abort();
  await relay;
}

function newInformer(store: OpenStore, bus: Awaited<ReturnType<typeof openBus>>): Informer<Pod> {
  const source = busSource(
    bus,
    storeReader(store),
    'Pod',
    {},
    { onRepair: (cause) => console.error(`repair: ${cause}`) },
  );
  return new Informer<Pod>({ source, onError: (error) => console.error(error) }).start();
}

/** Commits at a rate, without waiting for one before the next. */
async function write(store: OpenStore, rate: number, forMs: number): Promise<Commits> {
  const commits: Commits = new Map();
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  for (let count = 0; count < (rate * forMs) / 1_000; count++) {
    const waitMs = startMs + (count * 1_000) / rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    pending.push(commitOne(store, count, commits));
  }
  await Promise.all(pending);
  return commits;
}

async function commitOne(store: OpenStore, count: number, commits: Commits): Promise<void> {
  const name = `pod-${count % pods}`;
  const metadata = { name, namespace: 'bench', uid: name, annotations: { count: String(count), filler } };
  const value = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], nodeName: 'n1' } });
  const calledMs = performance.now();
  const result = await store.commit([{ type: 'put', key: `pods/bench/${name}`, value }]);
  if (result.ok) commits.set(result.revision, { calledMs, durableMs: performance.now() });
}

function report(
  name: string,
  rate: number,
  commits: Commits,
  seen: readonly { revision: number; atMs: number }[],
): void {
  const known = seen.flatMap(({ revision, atMs }) => {
    const commit = commits.get(revision);
    return commit ? [{ ...commit, atMs }] : [];
  });
  const fromCall = Float64Array.from(known, ({ atMs, calledMs }) => atMs - calledMs).sort();
  const afterDurable = Float64Array.from(known, ({ atMs, durableMs }) => Math.max(0, atMs - durableMs)).sort();
  const share = `${((100 * known.length) / (commits.size * informerCount)).toFixed(1)} %`;
  const quantiles = [fromCall, afterDurable].flatMap((sorted) =>
    [0.5, 0.99].map((at) => quantile(sorted, at).toFixed(2)),
  );
  console.log(row(name, [String(rate), share, ...quantiles]));
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function row(name: string, columns: readonly string[]): string {
  return name.padEnd(20) + columns.map((column) => column.padStart(17)).join('');
}
