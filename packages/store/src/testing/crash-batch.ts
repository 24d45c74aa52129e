import type { Entry, Operation } from '../store.ts';

/** Puts of one batch; one of them is larger than several pages of SQLite's. */
const parts = ['a', 'b', 'c'] as const;

/** Batch `number` under the prefix: keys that no other batch writes, and that must not exist yet. */
export function crashBatch(prefix: string, number: number): Operation[] {
  return parts.map((part, index) => ({
    type: 'put',
    key: `${prefix}/${number}/${part}`,
    value: String(number).repeat(1 + index * (number % 3000)),
    expected: 0,
  }));
}

/** Numbers of the batches that the entries are of, by how many of their parts are there. */
export function findBatches(prefix: string, entries: readonly Entry[]): { whole: Set<number>; halves: number[] } {
  const counts = new Map<number, number>();
  for (const { key } of entries) {
    const number = Number(key.slice(prefix.length + 1).split('/')[0]);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  const whole = new Set([...counts].filter(([, count]) => count === parts.length).map(([number]) => number));
  return { whole, halves: [...counts.keys()].filter((number) => !whole.has(number)) };
}
