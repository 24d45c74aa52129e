/** The contract of a store. Each implementation runs these same cases. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { concurrencyContract } from './contract-concurrency.ts';
import { ephemeralContract } from './contract-ephemeral.ts';
import { limits } from './limits.ts';
import type { OpenStore } from './store.ts';
import { listAll, watchThrough } from './testing/collect.ts';
import { batches, fewKeys, ModelStore, toOperation } from './testing/model.ts';

/** How the suite gets stores and lets time pass. */
export interface StoreHarness {
  /** A new, empty store. */
  open(): Promise<OpenStore>;
  /** Lets this many milliseconds pass for times to live. */
  pass(ms: number): Promise<void>;
}

/** Opens a store that is closed when the test is over. */
export async function openForTest(harness: StoreHarness): Promise<OpenStore> {
  const store = await harness.open();
  onTestFinished(() => store[Symbol.asyncDispose]());
  return store;
}

/** Registers the cases. */
export function storeContract(name: string, harness: StoreHarness): void {
  describe(name, () => {
    describe('commit', () => commitContract(harness));
    describe('list', () => listContract(harness));
    describe('watch', () => watchContract(harness));
    describe('compaction', () => compactionContract(harness));
    describe('limits', () => limitsContract(harness));
    describe('concurrency', () => concurrencyContract(harness));
    describe('ephemeral values and leases', () => ephemeralContract(harness));
  });
}

function commitContract(harness: StoreHarness): void {
  test('creates, replaces and deletes under the expected revision', async () => {
    const store = await openForTest(harness);
    expect(await store.get('k')).toBeUndefined();
    expect(await store.commit([{ type: 'put', key: 'k', value: 'one', expected: 0 }])).toEqual({
      ok: true,
      revision: 1,
      revisions: [1],
    });
    expect(await store.commit([{ type: 'put', key: 'k', value: 'two', expected: 0 }])).toEqual({
      ok: false,
      failedIndex: 0,
      actual: 1,
    });
    expect(await store.commit([{ type: 'put', key: 'k', value: 'two', expected: 1 }])).toEqual({
      ok: true,
      revision: 2,
      revisions: [2],
    });
    expect(await store.get('k')).toEqual({ key: 'k', value: 'two', revision: 2 });
    expect(await store.commit([{ type: 'delete', key: 'k', expected: 1 }])).toEqual({
      ok: false,
      failedIndex: 0,
      actual: 2,
    });
    expect(await store.commit([{ type: 'delete', key: 'k', expected: 2 }])).toEqual({
      ok: true,
      revision: 3,
      revisions: [3],
    });
    expect(await store.get('k')).toBeUndefined();
  });

  test('writes nothing of a batch with one refused operation', async () => {
    const store = await openForTest(harness);
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    const result = await store.commit([
      { type: 'put', key: 'b', value: '1', expected: 0 },
      { type: 'delete', key: 'a' },
      { type: 'check', key: 'a', expected: 7 },
    ]);
    expect(result).toEqual({ ok: false, failedIndex: 2, actual: 1 });
    expect(await store.list({ prefix: '' })).toEqual({
      entries: [{ key: 'a', value: '1', revision: 1 }],
      revision: 1,
      more: false,
    });
  });

  test('gives consecutive revisions to writes, and none to checks and deletes of nothing', async () => {
    const store = await openForTest(harness);
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    const result = await store.commit([
      { type: 'put', key: 'b', value: '1' },
      { type: 'check', key: 'a', expected: 1 },
      { type: 'check', key: 'nothing', expected: 0 },
      { type: 'delete', key: 'nothing' },
      { type: 'put', key: 'c', value: '1' },
    ]);
    expect(result).toEqual({ ok: true, revision: 3, revisions: [2, 1, 0, 0, 3] });
    expect(await store.commit([])).toEqual({ ok: true, revision: 3, revisions: [] });
  });

  test('keeps any text as it is', async () => {
    const store = await openForTest(harness);
    const values = ['', ' ', '"\\\n\r\t', 'ünï—😀\uffff', '1:2', '{"a":[1,null]}', '\u0001\u007f'];
    for (const [index, value] of values.entries()) {
      await store.commit([{ type: 'put', key: `k/${value.slice(0, 4)}${index}`, value }]);
      expect((await store.get(`k/${value.slice(0, 4)}${index}`))?.value).toBe(value);
    }
    const changes = await watchThrough(store, '', 0, values.length);
    expect(changes.map(({ value }) => value)).toEqual(values);
  });

  test('does what the model does, whatever the batches', async () => {
    const few = fc.integer({ min: 1, max: 4 });
    await fc.assert(
      fc.asyncProperty(batches, few, fc.integer({ min: 1, max: 12 }), async (intents, limit, maxChars) => {
        await using store = await harness.open();
        const model = new ModelStore();
        for (const batch of intents) {
          const current = new Map(model.list({ prefix: '' }).entries.map(({ key, revision }) => [key, revision]));
          const operations = batch.map((intent) => toOperation(intent, current.get(intent.key) ?? 0));
          expect(await store.commit(operations)).toEqual(model.commit(operations));
        }
        for (let revision = 0; revision <= model.revision; revision += 1) {
          for (const options of [
            { prefix: '' },
            { prefix: 'a/x', limit },
            { prefix: 'a/', after: 'a/x/2', limit },
            { prefix: 'a/', maxChars },
            { prefix: '', after: 'a/x/1', limit, maxChars },
          ]) {
            expect(await store.list({ ...options, revision })).toEqual(model.list({ ...options, revision }));
          }
        }
        if (model.revision > 0) expect(await watchThrough(store, '', 0, model.revision)).toEqual(model.changes);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
}

function listContract(harness: StoreHarness): void {
  test('lists keys of exactly the prefix, in byte order, in pages', async () => {
    const store = await openForTest(harness);
    await store.commit(fewKeys.map((key) => ({ type: 'put', key, value: key })));
    const inOrder = ['a/x/1', 'a/x/2', 'a/xy/1', 'a/é/1', 'a/\uffff', 'a/😀', 'b', 'b/x/1'];
    for (const limit of [1, 2, 3, 100]) expect(await listAll(store, '', limit)).toEqual(inOrder);
    expect(await listAll(store, 'a/x/', 1)).toEqual(['a/x/1', 'a/x/2']);
    expect(await listAll(store, 'a/😀', 1)).toEqual(['a/😀']);
    expect(await listAll(store, 'c', 1)).toEqual([]);
    expect(await store.list({ prefix: 'a/x', limit: 3 })).toMatchObject({ more: false });
    expect(await store.list({ prefix: 'a/x', limit: 2 })).toMatchObject({ more: true });
  });

  test('counts the keys of a list of the state now, beyond its page', async () => {
    const store = await openForTest(harness);
    await store.commit(fewKeys.map((key) => ({ type: 'put', key, value: key })));
    const { revision } = (await store.commit([{ type: 'delete', key: 'a/x/1' }])) as { revision: number };
    expect(await store.list({ prefix: 'a/', limit: 1, count: true })).toMatchObject({ more: true, count: 5 });
    expect(await store.list({ prefix: 'a/', after: 'a/xy/1', count: true })).toMatchObject({ more: false, count: 3 });
    expect(await store.list({ prefix: 'c', count: true })).toMatchObject({ count: 0 });
    expect(await store.list({ prefix: 'a/', limit: 1, revision, count: true })).not.toHaveProperty('count');
  });

  test('bounds a page by the characters of its values, now and at a revision', async () => {
    const store = await openForTest(harness);
    const values = ['aaaa', 'é', '', 'dddddddd', 'ee'];
    await store.commit(values.map((value, index) => ({ type: 'put', key: `v/${index}`, value })));
    const keysOf = async (maxChars: number, after?: string, revision?: number): Promise<string> => {
      const { entries, more } = await store.list({ prefix: 'v/', maxChars, after, revision });
      return entries.map(({ key }) => key.slice(2)).join('') + (more ? '…' : '');
    };
    for (const at of [undefined, 5]) {
      expect(await keysOf(1, undefined, at)).toBe('0…');
      expect(await keysOf(5, undefined, at)).toBe('01…');
      expect(await keysOf(6, undefined, at)).toBe('0123…');
      expect(await keysOf(1, 'v/1', at)).toBe('23…');
      expect(await keysOf(2, 'v/3', at)).toBe('4');
      expect(await keysOf(1000, undefined, at)).toBe('01234');
      // Later lists are of an earlier revision, where the last key is still there and the new one is not.
      await store.commit([
        { type: 'delete', key: 'v/4' },
        { type: 'put', key: 'v/9', value: 'new' },
      ]);
      expect(await keysOf(1, 'v/3')).toBe('9');
    }
  });

  test('an empty store has revision 0', async () => {
    const store = await openForTest(harness);
    expect(await store.list({ prefix: '' })).toEqual({ entries: [], revision: 0, more: false });
  });

  test('lists more entries than any page inside has', async () => {
    const store = await openForTest(harness);
    const keys = Array.from({ length: 2500 }, (_, index) => `n/${String(index).padStart(5, '0')}`);
    for (let start = 0; start < keys.length; start += 1000) {
      await store.commit(keys.slice(start, start + 1000).map((key) => ({ type: 'put', key, value: '{}' })));
    }
    expect(await listAll(store, 'n/', 10_000)).toEqual(keys);
    expect(await listAll(store, 'n/', 999)).toEqual(keys);
  });

  test('refuses a revision that it has not reached', async () => {
    const store = await openForTest(harness);
    const list = store.list({ prefix: '', revision: 5 });
    await expect(list).rejects.toMatchObject({
      reason: 'Expired',
      message: 'Too large resource version: 5, current: 0',
    });
  });
}

function watchContract(harness: StoreHarness): void {
  test('yields what was, then what comes, of its prefix', async () => {
    const store = await openForTest(harness);
    await store.commit([
      { type: 'put', key: 'a/1', value: 'one' },
      { type: 'put', key: 'b/1', value: 'other' },
    ]);
    const seen = watchThrough(store, 'a/', 0, 5);
    await store.commit([{ type: 'put', key: 'a/1', value: 'two' }]);
    await store.commit([{ type: 'put', key: 'b/1', value: 'other two' }]);
    await store.commit([{ type: 'delete', key: 'a/1' }]);
    expect(await seen).toEqual([
      { type: 'put', key: 'a/1', value: 'one', revision: 1 },
      { type: 'put', key: 'a/1', value: 'two', previous: 'one', revision: 3 },
      { type: 'delete', key: 'a/1', value: 'two', previous: 'two', revision: 5 },
    ]);
  });

  test('ends after the changes up to the revision that it is to end with, of its prefix or not', async () => {
    const store = await openForTest(harness);
    for (const key of ['a/1', 'b/1', 'a/2', 'b/2', 'a/3']) await store.commit([{ type: 'put', key, value: '1' }]);
    const read = async (after: number, until: number): Promise<number[]> => {
      const signal = AbortSignal.timeout(5_000);
      const batches = await Array.fromAsync(store.watch({ prefix: 'a/', after, until, signal }));
      return batches.flat().map(({ revision }) => revision);
    };
    expect(await Promise.all([read(0, 3), read(1, 4), read(2, 2), read(3, 5)])).toEqual([[1, 3], [3], [], [5]]);
  });

  test('ends when the signal fires, also while nothing happens', async () => {
    const store = await openForTest(harness);
    const stop = new AbortController();
    const watch = store.watch({ prefix: '', after: 0, signal: stop.signal })[Symbol.asyncIterator]();
    const next = watch.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    const ended = store.watch({ prefix: '', after: 0, signal: AbortSignal.abort() })[Symbol.asyncIterator]();
    expect(await ended.next()).toEqual({ done: true, value: undefined });
  });

  test('refuses a revision that the store has not reached', async () => {
    const store = await openForTest(harness);
    await expect(watchThrough(store, '', 9, 10)).rejects.toMatchObject({ reason: 'Expired' });
  });

  test('ends with an error when the store is closed', async () => {
    const store = await harness.open();
    const watch = watchThrough(store, '', 0, 2);
    watch.catch(() => {});
    await store.commit([{ type: 'put', key: 'a', value: '1' }]);
    await store[Symbol.asyncDispose]();
    await expect(watch).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect(store.get('a')).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect(store.commit([])).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await expect(store.list({ prefix: '' })).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });
}

function compactionContract(harness: StoreHarness): void {
  async function withHistory(): Promise<OpenStore> {
    const store = await openForTest(harness);
    for (const value of ['1', '2', '3']) await store.commit([{ type: 'put', key: 'a', value }]);
    await store.commit([{ type: 'put', key: 'b', value: '4' }]);
    await store.commit([{ type: 'delete', key: 'b' }]);
    await store.commit([{ type: 'put', key: 'a', value: '6' }]);
    return store;
  }

  test('keeps the state at the compacted revision and all changes after it', async () => {
    const store = await withHistory();
    expect(await store.compact(4)).toBe(4);
    const then = await store.list({ prefix: '', revision: 4 });
    expect(then.entries.map(({ key, value }) => key + value)).toEqual(['a3', 'b4']);
    const changes = await watchThrough(store, '', 4, 6);
    expect(changes.map(({ type, previous }) => `${type} ${previous}`)).toEqual(['delete 4', 'put 3']);
    expect(await store.compact(6)).toBe(6);
    expect((await store.list({ prefix: '' })).entries).toEqual([{ key: 'a', value: '6', revision: 6 }]);
    expect(await store.commit([{ type: 'put', key: 'b', value: '7', expected: 0 }])).toMatchObject({ revision: 7 });
  });

  test('refuses what was compacted, in the words of Kubernetes', async () => {
    const store = await withHistory();
    await store.compact(3);
    const watch = store.watch({ prefix: '', after: 2, signal: new AbortController().signal });
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'Expired',
      message: 'The resourceVersion for the provided watch is too old.',
    });
    await expect(store.list({ prefix: '', revision: 2, after: 'a' })).rejects.toMatchObject({
      reason: 'Expired',
      message: expect.stringContaining('The provided continue parameter is too old'),
    });
    await expect(store.list({ prefix: '', revision: 2 })).rejects.toMatchObject({ reason: 'Expired' });
  });

  test('goes no further than the store, and not back', async () => {
    const store = await withHistory();
    expect(await store.compact(100)).toBe(6);
    expect(await store.compact(2)).toBe(6);
    expect(await store.commit([{ type: 'put', key: 'a', value: '7' }])).toMatchObject({ revision: 7 });
    expect(await watchThrough(store, '', 6, 7)).toEqual([
      { type: 'put', key: 'a', value: '7', previous: '6', revision: 7 },
    ]);
  });
}

function limitsContract(harness: StoreHarness): void {
  const put = (key: string, value: string) => ({ type: 'put', key, value }) as const;

  test('takes what is just within them', async () => {
    const store = await openForTest(harness);
    const key = 'é'.repeat(limits.keyBytes / 2);
    const value = 'x'.repeat(limits.valueBytes);
    await store.commit([put(key, value)]);
    await store.commit([put(key, `y${value.slice(1)}`)]);
    expect((await store.get(key))?.value.length).toBe(limits.valueBytes);
    const [change] = await watchThrough(store, '', 1, 2);
    expect(change?.previous === value).toBe(true);
    const many = Array.from({ length: limits.batchOperations }, (_, index) => put(`m/${index}`, ''));
    expect(await store.commit(many)).toMatchObject({ ok: true, revision: 2 + limits.batchOperations });
  });

  test.each([
    ['an empty key', [put('', '')], 'BadRequest'],
    ['a long key', [put(`${'é'.repeat(limits.keyBytes / 2)}x`, '')], 'BadRequest'],
    ['a key of broken Unicode', [put('\ud800', '')], 'BadRequest'],
    ['a value of broken Unicode', [put('a', '\ud800')], 'BadRequest'],
    ['a key with NUL', [put('a\u0000b', '')], 'BadRequest'],
    ['a key twice', [put('a', ''), put('a', '')], 'BadRequest'],
    ['a negative revision', [{ ...put('a', ''), expected: -1 }], 'BadRequest'],
    ['a large value', [put('a', `é${'x'.repeat(limits.valueBytes - 1)}`)], 'RequestEntityTooLarge'],
    [
      'many operations',
      Array.from({ length: limits.batchOperations + 1 }, (_, i) => put(`${i}`, '')),
      'RequestEntityTooLarge',
    ],
    [
      'many bytes',
      Array.from({ length: 11 }, (_, i) => put(`${i}`, 'x'.repeat(limits.valueBytes))),
      'RequestEntityTooLarge',
    ],
  ])('refuses %s', async (_what, operations, reason) => {
    const store = await openForTest(harness);
    await expect(store.commit(operations)).rejects.toMatchObject({ reason });
    expect((await store.list({ prefix: '' })).revision).toBe(0);
  });

  test('refuses lists, watches and compactions that make no sense', async () => {
    const store = await openForTest(harness);
    await expect(store.list({ prefix: '', limit: 0 })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(store.list({ prefix: '', maxChars: 0 })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: 'maxChars: must be a whole number of at least 1, not 0',
    });
    await expect(store.list({ prefix: '', revision: -1 })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(store.compact(1.5)).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(watchThrough(store, '', Number.NaN, 1)).rejects.toMatchObject({ reason: 'BadRequest' });
  });
}
