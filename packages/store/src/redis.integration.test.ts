import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { storeContract } from './contract.ts';
import { openStore } from './open.ts';
import { type RedisServer, startRedisServer } from './testing/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server[Symbol.asyncDispose]());

storeContract('Redis', {
  open: () => openStore(`${server.url}?prefix=${randomUUID()}`),
  pass: async (ms) => {
    await delay(ms);
  },
});

test('reads a change once for all pages of a list', async () => {
  const store = await openStore(`${server.url}?prefix=${randomUUID()}`);
  onTestFinished(() => store[Symbol.asyncDispose]());
  const names = Array.from({ length: 400 }, (_, index) => `k/${index + 1_000}`);
  const writeAll = async (value: string): Promise<void> => {
    await store.commit(names.map((key) => ({ type: 'put', key, value })));
  };
  await writeAll('old');
  const read: string[] = [];
  const { revision, entries } = await store.list({ prefix: 'k/', limit: 10 });
  read.push(...entries.map(({ value }) => value));
  await writeAll('new');
  await server.command('CONFIG RESETSTAT');
  for (let after = entries.at(-1)!.key, more = true; more; after = names[read.length - 1]!) {
    const page = await store.list({ prefix: 'k/', limit: 10, after, revision });
    read.push(...page.entries.map(({ value }) => value));
    ({ more } = page);
  }
  expect(read).toEqual(names.map(() => 'old'));
  const calls = /cmdstat_xrange:calls=(\d+)/.exec(await server.command('INFO commandstats'));
  // Sixteen changes a read. The 39 pages would take 975 reads if each began anew.
  expect(Number(calls?.[1])).toBe(names.length / 16);
});
