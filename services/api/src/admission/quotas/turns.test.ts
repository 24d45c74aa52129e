import { expect, test } from 'vitest';
import { NamespaceTurns } from './turns.ts';

test('writers of a namespace go in the order in which they came, those of another one at once', async () => {
  const turns = new NamespaceTurns();
  const first = await turns.next('a');
  const order: string[] = [];
  const waiting = ['second', 'third'].map(async (name) => {
    using _turn = await turns.next('a');
    order.push(name);
  });
  (await turns.next('b'))[Symbol.dispose]();
  expect(order).toEqual([]);
  first[Symbol.dispose]();
  // Twice is once.
  first[Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['second', 'third']);
  expect(turns.size).toBe(0);
});
