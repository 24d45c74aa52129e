import { expect, test } from 'vitest';
import { openForTest, type StoreHarness } from './contract.ts';
import { compareKeys } from './keys.ts';
import type { Change, CommitResult, OpenStore, Operation } from './store.ts';
import { watchThrough } from './testing/collect.ts';

/** A batch that was committed, with what the store said. */
interface Committed {
  readonly operations: readonly Operation[];
  readonly result: CommitResult & { readonly ok: true };
}

/** Cases about many callers at once, part of storeContract. */
export function concurrencyContract(harness: StoreHarness): void {
  test('of many who expect the same revision, one wins', async () => {
    const store = await openForTest(harness);
    for (let round = 0; round < 5; round += 1) {
      const expected = (await store.get('k'))?.revision ?? 0;
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.commit([{ type: 'put', key: 'k', value: `${index}`, expected }]),
        ),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    }
    expect((await store.get('k'))?.revision).toBe(5);
  });

  test('counters that many increase lose no increase', async () => {
    const store = await openForTest(harness);
    const increase = async (): Promise<void> => {
      for (;;) {
        const now = await store.get('counter');
        const value = String(Number(now?.value ?? 0) + 1);
        const result = await store.commit([{ type: 'put', key: 'counter', value, expected: now?.revision ?? 0 }]);
        if (result.ok) return;
      }
    };
    await Promise.all(Array.from({ length: 10 }, increase));
    expect((await store.get('counter'))?.value).toBe('10');
  });

  test('watches from anywhere see every change once, in order, while many write', async () => {
    const store = await openForTest(harness);
    const random = randomNumbers(42);
    const committed: Committed[] = [];
    const rounds = 60;
    const watches: { after: number; prefix: string; seen: Promise<Change[]> }[] = [];
    const end = rounds * 8 * 3 + 1;
    for (let round = 0; round < rounds; round += 1) {
      const writes = Array.from({ length: 8 }, () => randomBatch(random));
      const results = await Promise.all(writes.map((operations) => store.commit(operations)));
      for (const [index, result] of results.entries()) {
        if (result.ok) committed.push({ operations: writes[index]!, result });
      }
      if (round % 6 === 0) {
        const after = Math.floor(random() * (newest(committed) + 1));
        const prefix = random() < 0.5 ? '' : 'k/1';
        watches.push({ after, prefix, seen: watchThrough(store, prefix, after, end) });
      }
    }
    // Fills up to a revision that all watches wait for, so that each of them ends by what it sees.
    while (newest(committed) < end) {
      const operations: Operation[] = [{ type: 'put', key: 'k/1/last', value: String(newest(committed)) }];
      const result = await store.commit(operations);
      if (result.ok) committed.push({ operations, result });
    }
    const truth = await watchThrough(store, '', 0, end);
    expect(truth.map(({ revision }) => revision)).toEqual(Array.from({ length: end }, (_, index) => index + 1));
    expectSameWrites(truth, committed);
    for (const { after, prefix, seen } of watches) {
      expect(await seen).toEqual(truth.filter(({ key, revision }) => revision > after && key.startsWith(prefix)));
    }
  });

  test('pages of one list are of one state, while many write', async () => {
    const store = await openForTest(harness);
    await store.commit(Array.from({ length: 60 }, (_, index) => ({ type: 'put', key: `k/${index}`, value: '0' })));
    const random = randomNumbers(7);
    const pages: { revision: number; found: string[] }[] = [];
    for (let round = 0; round < 4; round += 1) {
      const found: string[] = [];
      let revision: number | undefined;
      for (let after: string | undefined, more = true; more; ) {
        const [page] = await Promise.all([
          store.list({ prefix: 'k/', limit: 9, after, revision }),
          ...Array.from({ length: 6 }, () => store.commit(randomBatch(random))),
        ]);
        found.push(...page.entries.map(({ key, value, revision: written }) => `${key}=${value}@${written}`));
        ({ revision, more } = page);
        after = page.entries.at(-1)?.key;
      }
      pages.push({ revision: revision!, found });
    }
    const truth = await watchThrough(store, '', 0, (await store.list({ prefix: '' })).revision);
    for (const { revision, found } of pages) expect(found).toEqual(stateAt(truth, 'k/', revision));
  });

  test('an end of a watch that nobody reads costs the others nothing', async () => {
    const store = await openForTest(harness);
    const stop = new AbortController();
    const slow = store.watch({ prefix: '', after: 0, signal: stop.signal })[Symbol.asyncIterator]();
    await store.commit([{ type: 'put', key: 'k', value: 'first' }]);
    expect((await slow.next()).value).toHaveLength(1);
    await writeMany(store, 10_000);
    expect((await watchThrough(store, '', 0, 10_001)).length).toBe(10_001);
    let expected = 2;
    while (expected <= 10_001) {
      const { value } = await slow.next();
      for (const { revision } of value ?? []) {
        if (revision !== expected) throw new Error(`revision ${revision} came where ${expected} was due`);
        expected += 1;
      }
    }
    stop.abort();
    expect((await slow.next()).done).toBe(true);
  });
}

/** Writes a key so many times, in batches of different keys. */
async function writeMany(store: OpenStore, changes: number): Promise<void> {
  for (let written = 0; written < changes; written += 1000) {
    const batch = Array.from(
      { length: 1000 },
      (_, index): Operation => ({ type: 'put', key: `m/${index}`, value: `${written}` }),
    );
    await store.commit(batch);
  }
}

/** The changes say exactly what the committed batches wrote, and what was there before. */
function expectSameWrites(truth: readonly Change[], committed: readonly Committed[]): void {
  const written = new Map<number, Operation>();
  for (const { operations, result } of committed) {
    for (const [index, operation] of operations.entries()) {
      const revision = result.revisions[index]!;
      if (operation.type !== 'check' && revision > 0) written.set(revision, operation);
    }
  }
  const state = new Map<string, string>();
  for (const change of truth) {
    const operation = written.get(change.revision);
    expect({ type: change.type, key: change.key }).toEqual({ type: operation?.type, key: operation?.key });
    expect(change.previous).toBe(state.get(change.key));
    if (operation?.type === 'put') expect(change.value).toBe(operation.value);
    if (change.type === 'put') state.set(change.key, change.value);
    else state.delete(change.key);
  }
}

function stateAt(truth: readonly Change[], prefix: string, at: number): string[] {
  const state = new Map<string, Change>();
  for (const change of truth) {
    if (change.revision > at) break;
    if (change.type === 'put') state.set(change.key, change);
    else state.delete(change.key);
  }
  return [...state.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((left, right) => compareKeys(left.key, right.key))
    .map(({ key, value, revision }) => `${key}=${value}@${revision}`);
}

function newest(committed: readonly Committed[]): number {
  return committed.reduce((most, { result }) => Math.max(most, result.revision), 0);
}

/** Up to three writes on distinct keys. */
function randomBatch(random: () => number): Operation[] {
  const keys = new Set(Array.from({ length: 3 }, () => `k/${Math.floor(random() * 60)}`));
  return Array.from(
    keys,
    (key): Operation => (random() < 0.3 ? { type: 'delete', key } : { type: 'put', key, value: random().toString(36) }),
  );
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
