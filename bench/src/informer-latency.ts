/**
 * Time that a change takes from a client's write to the handlers of informers: api, store, relay, event bus, informer;
 * and for comparison over the api's watch. Takes about a minute:
 *
 *     scripts/node bench/src/informer-latency.ts
 *
 * The api, nats-server and redis-server are processes of their own; the writer and the informers, each with connections
 * of its own, share one. Writes are spread evenly over each second. "from call" counts from the call of update, "after
 * answer" from the moment at which the writer knows that the change is durable; an informer may well know it earlier.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { busSource } from '@gantry/client/bus-source.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import { openBus } from '@gantry/events/open.ts';
import { freePort, startNatsServer } from '@gantry/events/testing/nats-server.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { readArguments } from './arguments.ts';

readArguments('How long a change takes from a write to the handlers of informers.', {});

const measureMs = 5_000;
const warmUpMs = 1_000;
const informerCount = 4;
const objects = 200;
/** Makes an object of about 1.5 KB. */
const filler = 'x'.repeat(1_300);
const rates = [100, 500];

await main();

async function main(): Promise<void> {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  const memoryGib = (totalmem() / 2 ** 30).toFixed(1);
  console.log(`${cpus().length} x ${model}, ${memoryGib} GiB, node ${process.version}; ${informerCount} informers`);
  console.log(row('store, source', ['changes/s', 'seen', 'from call p50', 'p99 ms', 'after answer p50', 'p99 ms']));
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    await using nats = await startNatsServer();
    await using redis = await startRedisServer();
    for (const [name, storeUrl] of [
      ['sqlite', `sqlite:${join(folder, 'bench.db')}`],
      ['redis', redis.url],
    ] as const) {
      await using api = await startApi(storeUrl, nats.url);
      for (const source of ['nats', 'watch'] as const) {
        for (const rate of rates) await measure(`${name}, ${source}`, api.address, source, nats.url, rate);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An api in a process of its own. */
async function startApi(storeUrl: string, busUrl: string): Promise<AsyncDisposable & { readonly address: string }> {
  const address = `127.0.0.1:${await freePort()}`;
  const main = fileURLToPath(import.meta.resolve('@gantry/api/main.ts'));
  const child: ChildProcess = spawn(
    process.execPath,
    [main, '--store', storeUrl, '--bus', busUrl, '--listen', address],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, GANTRY_LOG_LEVEL: 'error', GANTRY_API_TRUST_NETWORK: 'true' },
    },
  );
  using client = connect(address);
  await client.listHeartbeats();
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Times of the call and of the answer of a write, by the revision that it made. */
type Writes = Map<number, { readonly calledMs: number; readonly answeredMs: number }>;

async function measure(
  name: string,
  address: string,
  source: 'nats' | 'watch',
  busUrl: string,
  rate: number,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const writer = stack.use(connect(address));
  for (let index = 0; index < objects; index++) await writer.create(object(index, '')).catch(() => {});
  const seen: { revision: number; atMs: number }[] = [];
  for (let index = 0; index < informerCount; index++) {
    const client = stack.use(connect(address));
    const changes =
      source === 'watch'
        ? watchSource(client, 'ConfigMap')
        : busSource(stack.use(await openBus(busUrl)), client, 'ConfigMap', {}, { onRepair: warn });
    const informer = stack.use(new Informer<ConfigMap>({ source: changes, onError: warn }).start());
    await informer.hasSynced;
    informer.onChange(({ object: { metadata } }) => {
      seen.push({ revision: Number(metadata.resourceVersion), atMs: performance.now() });
    });
  }
  await write(writer, rate, warmUpMs);
  const writes = await write(writer, rate, measureMs);
  await delay(500);
  report(name, rate, writes, seen);
}

/** Writes at a rate, without waiting for one before the next. */
async function write(client: Client, rate: number, forMs: number): Promise<Writes> {
  const writes: Writes = new Map();
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  for (let count = 0; count < (rate * forMs) / 1_000; count++) {
    const waitMs = startMs + (count * 1_000) / rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    pending.push(writeOne(client, count, writes));
  }
  await Promise.all(pending);
  return writes;
}

async function writeOne(client: Client, count: number, writes: Writes): Promise<void> {
  const calledMs = performance.now();
  const { metadata } = await client.update(object(count % objects, `${calledMs}`));
  writes.set(Number(metadata.resourceVersion), { calledMs, answeredMs: performance.now() });
}

function object(index: number, text: string): ConfigMap {
  const metadata = { namespace: 'default', name: `bench-${index}` };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { filler, text } };
}

function report(name: string, rate: number, writes: Writes, seen: readonly { revision: number; atMs: number }[]): void {
  const known = seen.flatMap(({ revision, atMs }) => {
    const write = writes.get(revision);
    return write ? [{ ...write, atMs }] : [];
  });
  const fromCall = Float64Array.from(known, ({ atMs, calledMs }) => atMs - calledMs).sort();
  const afterAnswer = Float64Array.from(known, ({ atMs, answeredMs }) => Math.max(0, atMs - answeredMs)).sort();
  const share = `${((100 * known.length) / (writes.size * informerCount)).toFixed(1)} %`;
  const quantiles = [fromCall, afterAnswer].flatMap((sorted) =>
    [0.5, 0.99].map((at) => quantile(sorted, at).toFixed(2)),
  );
  console.log(row(name, [String(rate), share, ...quantiles]));
}

function warn(problem: unknown): void {
  console.error(`informer: ${problem instanceof Error ? problem.message : problem}`);
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function row(name: string, columns: readonly string[]): string {
  return name.padEnd(16) + columns.map((column) => column.padStart(18)).join('');
}
