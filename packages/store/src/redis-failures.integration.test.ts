/** What Redis does to its clients, and how the store takes it. */
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
    const admin = new Redis(server.port, '127.0.0.1');
    onTestFinished(() => admin.disconnect());
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
    // As many changes as were lost, so that revisions alone tell nothing.
    await store.commit([{ type: 'put', key: 'b', value: '1' }]);
    await expect(next).rejects.toMatchObject({ reason: 'Expired' });
    expect((await watchThrough(store, '', 0, 1)).map(({ key }) => key)).toEqual(['b']);
  });
});

describe('a server out of memory', () => {
  test('refuses batches as a whole', async () => {
    const server = await serverForTest();
    const admin = new Redis(server.port, '127.0.0.1');
    onTestFinished(() => admin.disconnect());
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
    // What gives memory back, and what keeps nodes and leaders alive, goes on.
    expect(await store.compact(1)).toBe(1);
    expect(await store.acquire('leader', 'me', 60_000)).toBe(1);
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
    expect(await one.acquire('leader', 'one', 60_000)).toBe(1);
    expect(await two.acquire('leader', 'two', 60_000)).toBeUndefined();
    expect(await other.acquire('leader', 'three', 60_000)).toBe(1);
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
