/** Failures of Redis, and the store's answers to them. */
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStore } from './open.ts';
import { openRedis, type RedisOptions } from './redis.ts';
import { redisKeys } from './redis-keys.ts';
import { scripts } from './redis-scripts.ts';
import type { Change, Operation } from './store.ts';
import { watchThrough } from './testing/collect.ts';
import { startCutProxy } from './testing/cut-proxy.ts';
import { freePort, type RedisServer, type RedisServerOptions, startRedisServer } from './testing/redis-server.ts';

async function serverForTest(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedisServer(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function adminOf(server: RedisServer): Redis {
  const admin = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => admin.disconnect());
  return admin;
}

const at = (port: number): RedisOptions['address'] => ({ host: '127.0.0.1', port, database: 0 });

describe('lost connections', () => {
  test('a commit whose answer was lost is applied once and gets its own answer', async () => {
    const server = await serverForTest();
    await using proxy = await startCutProxy(server.port);
    await using store = await openRedis({ address: at(proxy.port) });
    for (let round = 1; round <= 20; round += 1) {
      proxy.cutAnswerAfter(1);
      const results = await Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          store.commit([{ type: 'put', key: `k/${round}/${index}`, value: 'x' }]),
        ),
      );
      for (const [index, result] of results.entries()) {
        const entry = await store.get(`k/${round}/${index}`);
        expect(result).toMatchObject({ ok: true, revisions: [entry?.revision] });
      }
    }
    expect(proxy.cuts).toBeGreaterThanOrEqual(20);
    expect((await store.list({ prefix: '' })).revision).toBe(100);
  });

  test('a watch goes on without gap or duplicate', async () => {
    const server = await serverForTest();
    await using proxy = await startCutProxy(server.port);
    await using watcher = await openRedis({ address: at(proxy.port) });
    await using writer = await openRedis({ address: at(server.port) });
    const seen = watchThrough(watcher, 'k/', 0, 300);
    for (let number = 1; number <= 300; number += 1) {
      if (number % 25 === 0) proxy.cutAnswerAfter(1);
      await writer.commit([{ type: 'put', key: `k/${number}`, value: 'x' }]);
    }
    expect((await seen).map(({ revision }) => revision)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(proxy.cuts).toBeGreaterThan(0);
  });

  test('a commit that came late, after its slot was used again, does nothing', async () => {
    const server = await serverForTest();
    await using store = await openRedis({ address: at(server.port), prefix: 'p' });
    const client = new Redis(server.port, '127.0.0.1');
    onTestFinished(() => client.disconnect());
    const { state, values, keys, changes, session } = redisKeys('p');
    const commit = (sequence: number, value: string) =>
      client.eval(
        scripts.commit.source,
        5,
        state,
        values,
        keys,
        changes,
        session('c'),
        0,
        sequence,
        60_000,
        `c:${sequence}`,
        0,
        'p',
        'k',
        '',
        value,
      );
    expect(await commit(1, 'one')).toEqual([1, 1, 1]);
    expect(await commit(1, 'one')).toEqual([1, 1, 1]);
    expect(await commit(3, 'three')).toEqual([1, 2, 2]);
    expect(await commit(2, 'two')).toEqual([-1]);
    expect(await store.get('k')).toEqual({ key: 'k', value: 'three', revision: 2 });
  });

  test('a server that hangs makes a commit fail with an unknown outcome', async () => {
    const server = await serverForTest();
    await using store = await openRedis({ address: at(server.port), timeoutMs: 200 });
    server.freeze(true);
    const commit = store.commit([{ type: 'put', key: 'k', value: 'x' }]);
    const stop = new AbortController();
    const watch = store.watch({ prefix: '', after: 0, signal: stop.signal })[Symbol.asyncIterator]().next();
    stop.abort();
    expect(await watch).toEqual({ done: true, value: undefined });
    await expect(commit).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: expect.stringContaining('unknown'),
    });
    server.freeze(false);
  });

  test('a server that is not there is named', async () => {
    const port = await freePort();
    await expect(openRedis({ address: at(port), timeoutMs: 100 })).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: `the Redis server at 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });
});

describe('a server with a password', () => {
  test('is opened with it, and says what is wrong without it', async () => {
    // The helper's own PING is refused by such a server, so the password comes after the start.
    const server = await serverForTest();
    const admin = adminOf(server);
    await admin.config('SET', 'requirepass', 'secret');
    const url = `redis://:secret@127.0.0.1:${server.port}/0`;
    await using store = await openStore(url);
    expect(await store.commit([{ type: 'put', key: 'a', value: '1' }])).toMatchObject({ ok: true });
    const wrong = openRedis({ address: { ...at(server.port), password: 'guess' }, timeoutMs: 200 });
    await expect(wrong).rejects.toThrow('WRONGPASS');
    const without = openRedis({ address: at(server.port), timeoutMs: 200 });
    await expect(without).rejects.toThrow('NOAUTH');
  });
});

describe('lost data', () => {
  test('ends watches that have seen more than the server remembers', async () => {
    const server = await serverForTest({ appendfsync: 'no-file' });
    await using store = await openStore(server.url);
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    const watch = store.watch({ prefix: '', after: 0, signal: new AbortController().signal })[Symbol.asyncIterator]();
    expect((await watch.next()).value).toHaveLength(1);
    const next = watch.next();
    next.catch(() => {});
    await server.kill();
    await server.start();
    // As many changes as were lost, so that revisions alone would tell nothing.
    const result = await store.commit([{ type: 'put', key: 'b', value: '1' }]);
    await expect(next).rejects.toMatchObject({ reason: 'Expired' });
    const { revision, entries } = await store.list({ prefix: '' });
    expect(entries).toEqual([{ key: 'b', value: '1', revision }]);
    expect(result).toMatchObject({ revision });
    expect((await watchThrough(store, '', revision - 1, revision)).map(({ key }) => key)).toEqual(['b']);
  });

  test('is told once to every client, and no revision that any of them has seen is used again', async () => {
    const server = await serverForTest();
    await using one = await openStore(server.url);
    await using two = await openStore(server.url);
    const admin = adminOf(server);
    const losses = [one, two].map((store) => {
      const told: number[] = [];
      store.onLoss(({ revision }) => told.push(revision));
      return told;
    });
    await one.commit([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '1' },
    ]);
    const token = (await one.acquire('leader', 'one', 60_000))!;
    const watches = [one, two].map((store) =>
      store.watch({ prefix: '', after: 0, signal: new AbortController().signal })[Symbol.asyncIterator](),
    );
    for (const watch of watches) expect((await watch.next()).value).toHaveLength(2);
    const ends = watches.map((watch) => watch.next());
    for (const end of ends) end.catch(() => {});
    await admin.flushall();
    for (const end of ends) await expect(end).rejects.toMatchObject({ reason: 'Expired' });
    expect(losses).toEqual([[2], [2]]);
    const { revision } = await two.list({ prefix: '' });
    expect(revision).toBeGreaterThan(2);
    expect(await two.commit([{ type: 'put', key: 'a', value: '2', expected: 1 }])).toMatchObject({ ok: false });
    expect(await two.commit([{ type: 'put', key: 'a', value: '2', expected: 0 }])).toMatchObject({
      ok: true,
      revision: revision + 1,
    });
    expect(await one.acquire('leader', 'two', 60_000)).toBeGreaterThan(token);
  });

  test('of a part leaves the rest consistent', async () => {
    const server = await serverForTest();
    await using store = await openStore(server.url);
    const admin = adminOf(server);
    const { values, keys, changes } = redisKeys('gantry');
    const losses: number[] = [];
    store.onLoss(({ revision }) => losses.push(revision));
    const stop = new AbortController();
    const follow = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const { revision } = await store.list({ prefix: '' });
        const watch = store.watch({ prefix: '', after: revision, signal: stop.signal });
        await (async () => {
          for await (const _ of watch);
        })().catch(() => {});
      }
    };
    const following = follow();
    for (const [part, left] of [
      [changes, ['a', 'b']],
      [keys, ['a', 'b']],
      [values, []],
    ] as const) {
      const before = losses.length;
      for (const key of ['a', 'b']) await store.commit([{ type: 'put', key, value: 'x' }]);
      await admin.del(part);
      await expect.poll(() => losses.length, { timeout: 10_000 }).toBe(before + 1);
      expect((await store.list({ prefix: '' })).entries.map(({ key }) => key)).toEqual(left);
    }
    stop.abort();
    await following;
  });
});

describe('a server that evicts keys', () => {
  test('is refused at the start, and while it is used', async () => {
    const server = await serverForTest({ flags: ['--maxmemory-policy', 'volatile-lru'] });
    const admin = adminOf(server);
    const problem =
      'the Redis server throws state away when its memory runs out: maxmemory-policy is volatile-lru, set noeviction';
    await expect(openStore(server.url)).rejects.toMatchObject({ reason: 'FailedPrecondition', message: problem });
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await using store = await openStore(server.url);
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
    await expect.poll(() => store.problem, { timeout: 10_000 }).toBe(problem);
    const commit = store.commit([{ type: 'put', key: 'a', value: '2' }]);
    await expect(commit).rejects.toMatchObject({ reason: 'ServiceUnavailable', message: problem });
    expect(await store.get('a')).toMatchObject({ value: '1' });
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await expect.poll(() => store.problem, { timeout: 10_000 }).toBeUndefined();
    expect(await store.commit([{ type: 'put', key: 'a', value: '2' }])).toMatchObject({ ok: true });
  });
});

describe('a server out of memory', () => {
  test('refuses batches as a whole', async () => {
    const server = await serverForTest();
    const admin = adminOf(server);
    await using store = await openStore(server.url);
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    await admin.config('SET', 'maxmemory', '1');
    // Deleting is a command that Redis takes even then, but appending the change is not: neither may happen.
    const operations: Operation[] = [
      { type: 'delete', key: 'a' },
      { type: 'put', key: 'b', value: '1' },
    ];
    await expect(store.commit(operations)).rejects.toMatchObject({
      reason: 'ServiceUnavailable',
      message: expect.stringContaining('OOM'),
    });
    expect(await store.list({ prefix: '' })).toMatchObject({ revision: 1, entries: [{ key: 'a' }] });
    // Compaction, which gives memory back, heartbeats and leases go on.
    expect(await store.compact(1)).toBe(1);
    expect(await store.acquire('leader', 'me', 60_000)).toBeGreaterThan(0);
    await store.put('beat/a', 'x', 60_000);
    await admin.config('SET', 'maxmemory', '0');
    expect(await store.commit(operations)).toEqual({ ok: true, revision: 3, revisions: [2, 3] });
  });
});

describe('several stores', () => {
  test('with one prefix share state, changes and leases; with others nothing', async () => {
    const server = await serverForTest();
    await using one = await openStore(`${server.url}?prefix=p`);
    await using two = await openStore(`${server.url}?prefix=p`);
    await using other = await openStore(`${server.url}?prefix=q`);
    const seen: Promise<Change[]> = watchThrough(two, '', 0, 1);
    await one.commit([{ type: 'put', key: 'a', value: '1' }]);
    expect(await seen).toEqual([{ type: 'put', key: 'a', value: '1', revision: 1 }]);
    expect(await two.get('a')).toMatchObject({ value: '1' });
    expect(await other.get('a')).toBeUndefined();
    await one.put('beat/a', 'x', 60_000);
    expect(await two.list('beat/')).toEqual(new Map([['beat/a', 'x']]));
    expect(await other.list('beat/')).toEqual(new Map());
    expect(await one.acquire('leader', 'one', 60_000)).toBeGreaterThan(0);
    expect(await two.acquire('leader', 'two', 60_000)).toBeUndefined();
    expect(await other.acquire('leader', 'three', 60_000)).toBeGreaterThan(0);
  });
});

describe('durability', () => {
  test('is read from the server, warned about, and required where asked for', async () => {
    const server = await serverForTest({ appendfsync: 'everysec' });
    await using store = await openRedis({ address: at(server.port) });
    expect(store.durability.level).toBe('everysec');
    await expect(openStore(`${server.url}?durability=always`)).rejects.toMatchObject({
      reason: 'FailedPrecondition',
      message: expect.stringContaining('appendfsync is everysec'),
    });
    await using enough = await openStore(`${server.url}?durability=everysec`);
    expect(await enough.get('a')).toBeUndefined();
  });
});
