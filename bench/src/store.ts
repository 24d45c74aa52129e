/**
 * Commits a second and their latencies, for both stores. Takes about 20 seconds:
 *
 *     scripts/node bench/src/store.ts
 *
 * Each commit is a compare-and-swap of one object of 1.5 KB, as the api makes them; the last line of each store is of
 * commits with 256 objects each, as CreateBatch and Bind make them, counted in objects.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore, Operation } from '@gantry/store/store.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { readArguments } from './arguments.ts';

readArguments('Commits a second and their latencies, for both stores.', {});

/** Duration of each measurement, in milliseconds. */
const measureMs = 1500;
const value = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', filler: 'x'.repeat(1450) });
/** Keys that each writer goes through. */
const keysPerWriter = 50;
/** Objects of a large commit, and such commits in flight. */
const batchObjects = 256;
const batchesInFlight = 4;

await main();

async function main(): Promise<void> {
  printMachine();
  console.log('store                     in flight    commits/s     p50 ms     p99 ms');
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    await measureStore('sqlite, synchronous=full', `sqlite:${join(folder, 'full.db')}`);
    await measureStore('sqlite, synchronous=normal', `sqlite:${join(folder, 'normal.db')}?synchronous=normal`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const appendfsync of ['everysec', 'always'] as const) {
    await using server = await startRedisServer({ appendfsync });
    await measureStore(`redis, appendfsync ${appendfsync}`, server.url);
  }
}

async function measureStore(name: string, url: string): Promise<void> {
  await using store = await openStore(url);
  await write(store, 10, 200);
  for (const inFlight of [1, 100]) {
    const startMs = performance.now();
    const latenciesMs = await write(store, inFlight, measureMs);
    const perSecond = (latenciesMs.length * 1000) / (performance.now() - startMs);
    const sorted = Float64Array.from(latenciesMs).sort();
    const columns = [
      inFlight,
      Math.round(perSecond),
      quantile(sorted, 0.5).toFixed(2),
      quantile(sorted, 0.99).toFixed(2),
    ];
    console.log(name.padEnd(26) + columns.map((column) => String(column).padStart(11)).join(''));
  }
  const objects = Math.round(await writeBatches(store)).toLocaleString('en');
  console.log(`${name.padEnd(26)}${'batches'.padStart(11)}${objects.padStart(11)} objects/s`);
}

/** New objects a second, many in each commit. */
async function writeBatches(store: OpenStore): Promise<number> {
  const startMs = performance.now();
  let written = 0;
  const lane = async (writer: number): Promise<void> => {
    for (let batch = 0; performance.now() < startMs + measureMs; batch++) {
      const operations = Array.from({ length: batchObjects }, (_, index): Operation => {
        return { type: 'put', key: `pods/bench/batch-${writer}-${batch}-${index}`, value, expected: 0 };
      });
      const result = await store.commit(operations);
      if (!result.ok) throw new Error(`a batch was refused: ${JSON.stringify(result)}`);
      written += batchObjects;
    }
  };
  await Promise.all(Array.from({ length: batchesInFlight }, (_, writer) => lane(writer)));
  return (written * 1_000) / (performance.now() - startMs);
}

/** Writes with so many writers, each waiting for its last commit, for a time; returns the latency of each commit. */
async function write(store: OpenStore, writers: number, forMs: number): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + forMs;
  const lane = async (writer: number): Promise<void> => {
    const revisions = new Map<string, number>();
    for (const { key, revision } of (await store.list({ prefix: `pods/bench/${writer}-` })).entries)
      revisions.set(key, revision);
    for (let index = 0; performance.now() < endMs; index = (index + 1) % keysPerWriter) {
      const key = `pods/bench/${writer}-${index}`;
      const startMs = performance.now();
      const result = await store.commit([{ type: 'put', key, value, expected: revisions.get(key) ?? 0 }]);
      latenciesMs.push(performance.now() - startMs);
      if (!result.ok) throw new Error(`the commit of ${key} was refused: ${JSON.stringify(result)}`);
      revisions.set(key, result.revision);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => lane(writer)));
  return latenciesMs;
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function printMachine(): void {
  const processors = cpus();
  const memoryGib = (totalmem() / 2 ** 30).toFixed(1);
  console.log(
    `${processors.length} x ${processors[0]?.model ?? 'unknown processor'}, ${memoryGib} GiB, node ${process.version}`,
  );
}
