import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { leastOpened } from './bound.ts';
import { type Packing, packBatch } from './pack-batch.ts';
import { type PackItem, type PackNode, problemOf } from './problem.ts';

interface Case {
  readonly items: readonly PackItem[];
  readonly nodes: readonly PackNode[];
}

const arbitraryCase: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 4 }).chain((dimensions) => {
  const vector = (max: number): fc.Arbitrary<number[]> =>
    fc.array(fc.integer({ min: 0, max }), { minLength: dimensions, maxLength: dimensions });
  const node = fc.record({ free: vector(30), isUsed: fc.boolean() });
  return fc.array(node, { minLength: 1, maxLength: 8 }).chain((nodes) => {
    const mask = fc
      .array(fc.boolean(), { minLength: nodes.length, maxLength: nodes.length })
      .map((flags) => Uint8Array.from(flags, Number));
    const item = fc.record(
      { amounts: vector(20), count: fc.integer({ min: 0, max: 5 }), allowed: mask },
      { requiredKeys: ['amounts', 'count'] },
    );
    return fc.array(item, { maxLength: 8 }).map((items) => ({ items, nodes }));
  });
});

/** First fit, as plainly as it can be written. */
function firstFit({ items, nodes }: Case): { unplaced: number; opened: number } {
  const free = nodes.map((node) => [...node.free]);
  const touched = new Set<number>();
  let unplaced = 0;
  for (const { amounts, count, allowed } of items) {
    for (let copy = 0; copy < count; copy++) {
      const node = free.findIndex(
        (room, index) => allowed?.[index] !== 0 && amounts.every((amount, d) => amount <= room[d]!),
      );
      if (node < 0) unplaced++;
      else {
        touched.add(node);
        free[node] = free[node]!.map((room, d) => room - amounts[d]!);
      }
    }
  }
  return { unplaced, opened: [...touched].filter((node) => !nodes[node]!.isUsed).length };
}

/** Recounts the figures that a packing reports of itself. */
function checkPacking({ items, nodes }: Case, packing: Packing): void {
  const free = nodes.map((node) => [...node.free]);
  const touched = new Set<number>();
  let unplaced = 0;
  expect(packing.nodes.map((places) => places.length)).toEqual(items.map(({ count }) => count));
  for (const [index, { amounts, allowed }] of items.entries()) {
    for (const node of packing.nodes[index]!) {
      if (node === -1) {
        unplaced++;
        continue;
      }
      expect(allowed?.[node]).not.toBe(0);
      touched.add(node);
      for (const [d, amount] of amounts.entries()) free[node]![d]! -= amount;
    }
  }
  expect(free.flat().every((room) => room >= 0)).toBe(true);
  expect(packing.unplaced).toBe(unplaced);
  expect(packing.opened).toBe([...touched].filter((node) => !nodes[node]!.isUsed).length);
}

test('every copy is placed once or counted as unplaced, no node is over its room, and first fit is never better', () => {
  fc.assert(
    fc.property(arbitraryCase, fc.constantFrom(0, 5, 200), (given, steps) => {
      const packing = packBatch(given.items, given.nodes, { seed: 3, steps });
      checkPacking(given, packing);
      const plain = firstFit(given);
      expect(packing.unplaced).toBeLessThanOrEqual(plain.unplaced);
      if (packing.unplaced === plain.unplaced) expect(packing.opened).toBeLessThanOrEqual(plain.opened);
      if (packing.unplaced === 0) {
        expect(packing.opened).toBeGreaterThanOrEqual(leastOpened(problemOf(given.items, given.nodes)));
      }
    }),
    { numRuns: 400 },
  );
});

test('the same seed and steps give the same packing', () => {
  fc.assert(
    fc.property(arbitraryCase, fc.nat(1_000), ({ items, nodes }, seed) => {
      const budget = { seed, steps: 100 };
      expect(packBatch(items, nodes, budget)).toEqual(packBatch(items, nodes, budget));
    }),
    { numRuns: 100 },
  );
});

describe('packBatch', () => {
  const single = (amounts: number[]): PackItem => ({ amounts, count: 1 });
  const empty = (count: number, free: number[]): PackNode[] =>
    Array.from({ length: count }, () => ({ free, isUsed: false }));

  it('finds a packing that simple rules miss', () => {
    // Eight triples, each of which all but fills a node in both dimensions.
    const triples = Array.from({ length: 8 }, (_, index) => {
      const first = [31 + index, 52 - index] as const;
      const second = [38 - index, 20 + 2 * index] as const;
      return [first, second, [97 - first[0] - second[0], 97 - first[1] - second[1]]];
    }).flat();
    // Apart from each other, as first fit would find triples that stand together.
    const items = triples.map((_, index) => single([...triples[(index * 7) % triples.length]!]));
    const nodes = empty(items.length, [100, 100]);
    const byRules = packBatch(items, nodes, { seed: 1, steps: 0 });
    const searched = packBatch(items, nodes, { seed: 1, steps: 20_000 });
    expect(byRules.opened).toBeGreaterThan(8);
    expect(searched).toMatchObject({ unplaced: 0, opened: 8 });
  });

  it('fills nodes in use before it opens empty ones', () => {
    const nodes = [...empty(2, [10, 10]), { free: [4, 4], isUsed: true }];
    const packing = packBatch([{ amounts: [2, 2], count: 7 }], nodes, { seed: 1, steps: 0 });
    expect(packing.opened).toBe(1);
    expect(packing.nodes[0]!.filter((node) => node === 2)).toHaveLength(2);
  });

  it('opens the shape that takes most', () => {
    const nodes = [...empty(6, [2, 2]), ...empty(1, [12, 12])];
    expect(packBatch([{ amounts: [1, 1], count: 12 }], nodes, { seed: 1, steps: 0 }).opened).toBe(1);
  });

  it('makes room on full nodes for what fits nowhere', () => {
    // First fit puts the 3 beside the 4; only together with the 7 does everything fit.
    const items = [single([4]), single([3]), single([6]), single([7])];
    expect(packBatch(items, empty(2, [10]), { seed: 1, steps: 100 })).toMatchObject({ unplaced: 0, opened: 2 });
  });

  it('says how many it could not place', () => {
    const packing = packBatch([{ amounts: [6], count: 3 }], empty(2, [10]), { seed: 1, steps: 100 });
    expect(packing).toMatchObject({ unplaced: 1, opened: 2 });
  });

  it('stops where it is told to', () => {
    const items = Array.from({ length: 40 }, (_, index) =>
      single([20 + ((index * 37) % 41), 20 + ((index * 23) % 41)]),
    );
    let asked = 0;
    const isOver = (): boolean => ++asked > 10;
    packBatch(items, empty(40, [100, 100]), { seed: 1, steps: 1e9, isOver });
    expect(asked).toBe(11);
  });

  it('packs nothing onto nothing', () => {
    expect(packBatch([], [], { seed: 1, steps: 10 })).toEqual({ nodes: [], unplaced: 0, opened: 0 });
    expect(packBatch([single([1])], [], { seed: 1, steps: 10 })).toMatchObject({ unplaced: 1, opened: 0 });
  });

  it('refuses amounts that are not whole, as their sums would not be exact', () => {
    expect(() => packBatch([single([0.5])], empty(1, [1]), { seed: 1, steps: 0 })).toThrow('whole');
  });
});
