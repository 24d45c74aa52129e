/**
 * Whole lists in pages, as informers and kubectl read them, while the store is written to. Takes about a minute:
 *
 *     scripts/node bench/src/store-lists.ts
 *
 * First 142,700 objects of 700 characters in pages of 500, then 1,000 objects of 1 MB in pages of 3 and a page of 3 by
 * itself. All pages but the first are of an earlier revision, because each page is followed by a write. `longest turn` is
 * the longest time for which nothing else in the process got a turn.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openStore } from '@gantry/store/open.ts';
import type { OpenStore } from '@gantry/store/store.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { readArguments } from './arguments.ts';

readArguments('Whole lists in pages while the store is written to.', {});

const batchChars = 4_000_000;

await main();

async function main(): Promise<void> {
  console.log('store     objects   chars each   page   whole list   ms a page   longest turn');
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
  try {
    await measure('sqlite', `sqlite:${join(folder, 'state.db')}?synchronous=normal`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  await using server = await startRedisServer();
  await measure('redis', server.url);
}

async function measure(name: string, url: string): Promise<void> {
  await using store = await openStore(url);
  await fill(store, 'small', 142_700, 700);
  await listWhole(store, name, 'small', 142_700, 700, 500);
  await fill(store, 'large', 1_000, 1_000_000);
  await listWhole(store, name, 'large', 1_000, 1_000_000, 3);
}

async function fill(store: OpenStore, prefix: string, objects: number, chars: number): Promise<void> {
  const value = 'x'.repeat(chars);
  const each = Math.min(1_000, Math.floor(batchChars / chars));
  for (let start = 0; start < objects; start += each) {
    const keys = Array.from({ length: Math.min(each, objects - start) }, (_, index) => start + index);
    await store.commit(keys.map((key) => ({ type: 'put', key: `${prefix}/${String(key).padStart(6, '0')}`, value })));
  }
}

async function listWhole(
  store: OpenStore,
  name: string,
  prefix: string,
  objects: number,
  chars: number,
  page: number,
): Promise<void> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const startMs = performance.now();
  let [pages, listed] = [0, 0];
  let after: string | undefined;
  let revision: number | undefined;
  do {
    const read = await store.list({ prefix: `${prefix}/`, limit: page, after, revision });
    pages += 1;
    listed += read.entries.length;
    revision = read.revision;
    after = read.more ? read.entries.at(-1)!.key : undefined;
    await store.commit([{ type: 'put', key: 'other/clock', value: String(pages) }]);
  } while (after !== undefined);
  const tookMs = performance.now() - startMs;
  delays.disable();
  if (listed !== objects) throw new Error(`listed ${listed} of ${objects}`);
  const columns = [
    String(objects).padStart(7),
    String(chars).padStart(12),
    String(page).padStart(6),
    `${(tookMs / 1_000).toFixed(2)} s`.padStart(12),
    (tookMs / pages).toFixed(2).padStart(11),
    `${(delays.max / 1e6).toFixed(0)} ms`.padStart(14),
  ];
  console.log(name.padEnd(10) + columns.join(' '));
}
