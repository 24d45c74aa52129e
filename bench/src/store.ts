/**
 * Commits a second and their latencies, for both stores. Takes about 15 seconds:
 *
 *     scripts/node bench/src/store.ts
 *
 * Each commit is a compare-and-swap of one object of 1.5 KB, as the api makes them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';

/** How long each measurement writes, in milliseconds. */
const measureMs = 1500;
const value = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', filler: 'x'.repeat(1450) });
/** Keys that each writer goes through. */
const keysPerWriter = 50;

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
