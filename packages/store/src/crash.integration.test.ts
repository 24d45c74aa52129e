/** Kills whoever writes, at any moment: nothing acknowledged may be lost, and no batch may be there by half. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from './open.ts';
import type { OpenStore } from './store.ts';
import { watchThrough } from './testing/collect.ts';
import { crashBatch, findBatches } from './testing/crash-batch.ts';
import { startRedisServer } from './testing/redis-server.ts';

const clientRounds = 20;
const serverRounds = 10;
/** Longest time that a writer lives after its first acknowledged batch, in milliseconds. */
const longestLifeMs = 150;

describe('a killed writer', () => {
  test(`of a SQLite file loses nothing that it acknowledged, ${clientRounds} times`, { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-crash-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const url = `sqlite:${join(folder, 'store.db')}`;
    for (let round = 0; round < clientRounds; round += 1) {
      const acknowledged = await writeUntilKilled(url, `r${round}`);
      await using store = await openStore(url);
      await expectWhole(store, `r${round}`, acknowledged);
    }
  });

  test(`of Redis loses nothing that it acknowledged, ${clientRounds} times`, { timeout: 120_000 }, async () => {
    await using server = await startRedisServer();
    await using store = await openStore(server.url);
    for (let round = 0; round < clientRounds; round += 1) {
      const acknowledged = await writeUntilKilled(server.url, `r${round}`);
      await expectWhole(store, `r${round}`, acknowledged);
    }
  });
});

test('a SQLite file that another process writes is refused, until that process has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-crash-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const url = `sqlite:${join(folder, 'store.db')}`;
  await writeUntilKilled(url, 'r', async () => {
    await expect(openStore(url)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: expect.stringContaining('is in use by another process'),
    });
  });
  await using store = await openStore(url);
  expect((await store.list({ prefix: '', limit: 1 })).entries).toHaveLength(1);
});

describe('a killed redis-server', () => {
  test(`with appendfsync always loses nothing, and does nothing twice, ${serverRounds} times`, {
    timeout: 120_000,
  }, async () => {
    await using server = await startRedisServer({ appendfsync: 'always' });
    await using store = await openStore(`${server.url}?durability=always`);
    const stop = new AbortController();
    const watched: number[] = [];
    const watching = (async () => {
      for await (const batch of store.watch({ prefix: '', after: 0, signal: stop.signal })) {
        watched.push(...batch.map(({ revision }) => revision));
      }
    })();
    for (let round = 0; round < serverRounds; round += 1) {
      const writers = startWriters(store, `r${round}`);
      await writers.first;
      await anyMoment();
      await server.kill();
      const beforeKill = [...writers.acknowledged];
      await server.start();
      await writers.stop();
      expect(writers.acknowledged.length).toBeGreaterThanOrEqual(beforeKill.length);
      await expectWhole(store, `r${round}`, writers.acknowledged);
    }
    const { revision, entries } = await store.list({ prefix: '' });
    // Every key was put once: a batch that was sent again was not applied again.
    expect(entries.length).toBe(revision);
    const truth = await watchThrough(store, '', 0, revision);
    while (watched.length < truth.length) await delay(20);
    stop.abort();
    await watching;
    expect(watched).toEqual(truth.map((change) => change.revision));
  });
});

/** Waits a random time. */
async function anyMoment(): Promise<void> {
  await delay(Math.random() * longestLifeMs);
}

/** Runs a writing process, does something meanwhile, and kills it; returns what it printed as acknowledged. */
async function writeUntilKilled(url: string, prefix: string, meanwhile = anyMoment): Promise<number[]> {
  const script = fileURLToPath(new URL('./testing/crash-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, url, prefix], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let problems = '';
  child.stdout.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    problems += data.toString();
  });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  try {
    await meanwhile();
  } finally {
    child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal, problems).toBe('SIGKILL');
  // The text after the last line break is a number cut short.
  return printed.split('\n').slice(0, -1).map(Number);
}

/** Writers in this process that go on until they are stopped, through any loss of connections. */
function startWriters(store: OpenStore, prefix: string) {
  const acknowledged: number[] = [];
  const first = Promise.withResolvers<void>();
  let next = 0;
  let isStopped = false;
  const lanes = Array.from({ length: 16 }, async () => {
    while (!isStopped) {
      next += 1;
      const number = next;
      const result = await store.commit(crashBatch(prefix, number));
      expect(result).toMatchObject({ ok: true });
      acknowledged.push(number);
      first.resolve();
    }
  });
  return {
    acknowledged,
    first: first.promise,
    async stop() {
      isStopped = true;
      await Promise.all(lanes);
    },
  };
}

async function expectWhole(store: OpenStore, prefix: string, acknowledged: readonly number[]): Promise<void> {
  const { entries } = await store.list({ prefix: `${prefix}/` });
  const { whole, halves } = findBatches(prefix, entries);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(halves).toEqual([]);
  expect(acknowledged.filter((number) => !whole.has(number))).toEqual([]);
}
