import { afterAll, expect, test } from 'vitest';
import { packBatch } from './pack-batch.ts';
import { PackPool } from './pool.ts';
import { randomFrom } from './random.ts';

const pool = new PackPool(2);
afterAll(() => pool[Symbol.asyncDispose]());

test('many threads find what one finds', async () => {
  const random = randomFrom(5);
  for (let round = 0; round < 4; round++) {
    const items = Array.from({ length: 40 }, () => {
      return { amounts: [10 + random(50), 10 + random(50), 10 + random(50)], count: 1 };
    });
    const nodes = items.map(() => ({ free: [100, 100, 100], isUsed: false }));
    const budget = { seed: round, steps: 150, starts: 4 };
    expect(await pool.pack(items, nodes, budget)).toEqual(packBatch(items, nodes, budget));
  }
}, 30_000);

test('what is wrong with the items is said by the pool too', async () => {
  const items = [{ amounts: [0.5], count: 1 }];
  const packing = pool.pack(items, [{ free: [1], isUsed: false }], { seed: 1, steps: 1, starts: 1 });
  await expect(packing).rejects.toThrow('whole');
});
