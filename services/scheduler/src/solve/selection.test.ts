import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { goesBefore } from './node-order.ts';
import { floorFor, noFloor, select } from './selection.ts';
import { Shortlist } from './shortlist.ts';

const seed = 5;
const few = fc.array(fc.constantFrom(-1, 0, 1, 2, 50), { minLength: 40, maxLength: 4_000 });

function chosenFrom(scores: Float64Array, wanted: number): { nodes: number[]; isPartial: boolean } {
  const floor = floorFor(wanted, scores, scores.length, seed);
  const into = { nodes: new Int32Array(scores.length), scores: new Float64Array(scores.length) };
  const found = select(scores, scores.length, floor, seed, into);
  return { nodes: [...into.nodes.subarray(0, found)], isPartial: floor !== noFloor };
}

test('no node that is left out goes before one that is chosen', () => {
  fc.assert(
    fc.property(few, fc.integer({ min: 1, max: 400 }), (list, wanted) => {
      const scores = Float64Array.from(list);
      const { nodes, isPartial } = chosenFrom(scores, wanted);
      const eligible = list.keys().filter((node) => list[node]! >= 0);
      const byOrder = [...eligible].sort((left, right) =>
        goesBefore(left, list[left]!, right, list[right]!, seed) ? -1 : 1,
      );
      expect(new Set(nodes)).toEqual(new Set(byOrder.slice(0, nodes.length)));
      if (!isPartial) expect(nodes).toHaveLength(byOrder.length);
    }),
  );
});

test('of many nodes about as many are chosen as are wanted, also where all are alike', () => {
  for (const scores of [new Float64Array(20_000), Float64Array.from({ length: 20_000 }, (_, node) => node % 997)]) {
    const { nodes } = chosenFrom(scores, 1_000);
    expect(nodes.length).toBeGreaterThan(500);
    expect(nodes.length).toBeLessThan(2_000);
  }
});

test('a list that is brought up to date gives the nodes that a new one would', () => {
  const change = fc.tuple(fc.nat(), fc.constantFrom(-1, 0, 1, 2, 50));
  fc.assert(
    fc.property(few, fc.array(change, { maxLength: 20 }), (list, changes) => {
      const scores = Float64Array.from(list);
      const floor = floorFor(8, scores, scores.length, seed);
      const into = { nodes: new Int32Array(scores.length), scores: new Float64Array(scores.length) };
      const shortlist = new Shortlist(into, select(scores, scores.length, floor, seed, into), floor, seed);
      const changed = new Set<number>();
      for (const [at, score] of changes) {
        scores[at % scores.length] = score;
        changed.add(at % scores.length);
      }
      shortlist.update(
        [...changed],
        (node) => changed.has(node),
        (node) => scores[node]!,
      );
      const eligible = [...scores.keys()].filter((node) => scores[node]! >= 0);
      const byOrder = eligible.sort((left, right) =>
        goesBefore(left, scores[left]!, right, scores[right]!, seed) ? -1 : 1,
      );
      for (const best of byOrder.slice(0, shortlist.size)) {
        expect(shortlist.top()).toBe(best);
        shortlist.topChanged(-1);
      }
    }),
  );
});
