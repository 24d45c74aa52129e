import { Load } from './load.ts';
import type { Problem } from './problem.ts';

// Item by item: each goes to a node that is in use, and a new one is opened only where none takes it.

/**
 * First fit: each copy goes to the first node, in the given order of nodes, that takes it. Copies of one item go on where
 * the last one was put, so that an item costs one pass over the nodes.
 */
export function firstFit(problem: Problem, items: Int32Array, nodes: Int32Array): Load {
  const load = new Load(problem);
  for (const item of items) {
    let unit = problem.firstUnit[item]!;
    const end = unit + problem.counts[item]!;
    for (let at = 0; at < nodes.length && unit < end; at++) {
      const node = nodes[at]!;
      while (unit < end && load.fits(item, node)) load.place(unit++, node);
    }
  }
  return load;
}

/** Best fit: each copy goes to the node, of those in use, of which it leaves the least; opened in the given order. */
export function bestFit(problem: Problem, items: Int32Array, nodes: Int32Array, weights: Float64Array): Load {
  const load = new Load(problem);
  const inUse: number[] = [...nodes.filter((node) => problem.used[node] === 1)];
  const empty = new Set(nodes.filter((node) => problem.used[node] === 0));
  for (const item of items) {
    let unit = problem.firstUnit[item]!;
    const end = unit + problem.counts[item]!;
    while (unit < end) {
      let node = tightest(load, inUse, item, weights);
      if (node < 0) {
        node = empty.keys().find((candidate) => load.fits(item, candidate)) ?? -1;
        if (node < 0) break;
        empty.delete(node);
        inUse.push(node);
      }
      // The fuller it gets, the better it is: it stays the best until it is full.
      while (unit < end && load.fits(item, node)) load.place(unit++, node);
    }
  }
  return load;
}

function tightest(load: Load, nodes: readonly number[], item: number, weights: Float64Array): number {
  const { dimensions, amounts, scale } = load.problem;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const node of nodes) {
    if (!load.fits(item, node)) continue;
    let left = 0;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const amount = load.free[node * dimensions + dimension]! - amounts[item * dimensions + dimension]!;
      const share = amount * scale[dimension]!;
      left += weights[dimension]! * share * share;
    }
    if (left < least) {
      least = left;
      best = node;
    }
  }
  return best;
}
