import type { CommitResult, Operation } from '@gantry/store/store.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedCommits } from './shared-commits.ts';

/** A store of revisions that remembers its commits. */
class Revisions {
  readonly found = new Map<string, number>();
  readonly commits: (readonly Operation[])[] = [];
  revision = 0;

  readonly commit = async (operations: readonly Operation[]): Promise<CommitResult> => {
    this.commits.push(operations);
    const failedIndex = operations.findIndex(
      ({ key, expected }) => expected !== undefined && (this.found.get(key) ?? 0) !== expected,
    );
    if (failedIndex >= 0) {
      return { ok: false, failedIndex, actual: this.found.get(operations[failedIndex]!.key) ?? 0 };
    }
    const revisions = operations.map(({ type, key }) => {
      if (type === 'check') return this.found.get(key) ?? 0;
      this.revision += 1;
      this.found.set(key, this.revision);
      return this.revision;
    });
    return { ok: true, revision: this.revision, revisions };
  };
}

const put = (key: string, expected?: number): Operation => ({
  type: 'put',
  key,
  value: key,
  ...(expected === undefined ? {} : { expected }),
});
const check = (key: string, expected: number): Operation => ({ type: 'check', key, expected });

describe('shared commits', () => {
  it('are one, in which each part has its own revisions', async () => {
    const store = new Revisions();
    const shared = new SharedCommits(store);
    const parts = [[put('a', 0), check('z', 0)], [put('b')], [check('z', 0), put('c'), put('d')]];
    const results = await Promise.all(parts.map(shared.commit));
    expect(store.commits).toHaveLength(1);
    expect(results.map((result) => result.ok && result.revisions)).toEqual([[1, 0], [2], [0, 3, 4]]);
  });

  it('refuse the part that met another revision, and carry out the others', async () => {
    const store = new Revisions();
    const shared = new SharedCommits(store);
    const parts = [[put('a')], [check('y', 0), put('b', 7)], [put('c')], [put('d', 7)]];
    const results = await Promise.all(parts.map(shared.commit));
    expect(results.map((result) => (result.ok ? 'ok' : `${result.failedIndex} is ${result.actual}`))).toEqual([
      'ok',
      '1 is 0',
      'ok',
      '0 is 0',
    ]);
    expect([...store.found.keys()].sort()).toEqual(['a', 'c']);
    expect(store.commits.map((operations) => operations.length)).toEqual([5, 3, 2]);
  });

  it('go alone where many of them are spoilt', async () => {
    const store = new Revisions();
    const shared = new SharedCommits(store);
    const parts = Array.from({ length: 30 }, (_, index) => [put(`k${index}`, index < 20 ? 9 : 0)]);
    const results = await Promise.all(parts.map(shared.commit));
    expect(results.map(({ ok }) => ok)).toEqual(parts.map((_, index) => index >= 20));
    expect(store.commits.length).toBe(8 + 22);
  });

  it('fail together where the store does', async () => {
    const shared = new SharedCommits({ commit: () => Promise.reject(new Error('away')) });
    const results = await Promise.allSettled([shared.commit([put('a')]), shared.commit([put('b')])]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('do what some order of the parts would do, whatever these ask for', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const expected = fc.constantFrom(undefined, 0, 1, 2, 3);
    const operation = fc.oneof(
      fc.tuple(key, expected).map(([name, at]) => put(name, at)),
      fc.tuple(key, fc.nat(3)).map(([name, at]) => check(name, at)),
    );
    const part = fc.uniqueArray(operation, { selector: ({ key: name }) => name, minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const store = new Revisions();
        const shared = new SharedCommits(store);
        const results = await Promise.all(parts.map(shared.commit));
        expect(ordersOf(parts.length).some((order) => isOrder(order, parts, results))).toBe(true);
      }),
    );
  });
});

function ordersOf(length: number): number[][] {
  if (length === 0) return [[]];
  return ordersOf(length - 1).flatMap((order) =>
    Array.from({ length }, (_, at) => [...order.slice(0, at), length - 1, ...order.slice(at)]),
  );
}

/** True where the parts, carried out in this order on some revisions of their keys' writes, are granted and refused as they were. */
function isOrder(
  order: readonly number[],
  parts: readonly (readonly Operation[])[],
  results: readonly CommitResult[],
): boolean {
  const found = new Map<string, number>();
  return order.every((index) => {
    const operations = parts[index]!;
    const result = results[index]!;
    const holds = operations.every(({ key, expected }) => expected === undefined || (found.get(key) ?? 0) === expected);
    if (holds !== result.ok) return false;
    if (result.ok) {
      for (const [at, { type, key }] of operations.entries())
        if (type !== 'check') found.set(key, result.revisions[at]!);
    }
    return true;
  });
}
