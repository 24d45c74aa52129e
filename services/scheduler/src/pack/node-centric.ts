import { Load } from './load.ts';
import { demandWeights } from './order.ts';
import { mayUse, type Problem } from './problem.ts';

// Node by node: each is filled with the items that suit what is left of it best, until none fits.

/** Shapes of empty nodes that are compared each time that one is opened, those of the largest nodes first. */
const mostShapes = 8;

/** The best item for a node. */
export type Affinity =
  /** Items whose demand points where the node has most left: the dot product of both. */
  | 'dot'
  /** Items that leave least: the weighed distance between demand and what is left. */
  | 'distance';

/** Fills node after node. With several shapes of empty nodes, the one is opened that takes most of what remains. */
export function fillNodes(problem: Problem, nodes: Int32Array, affinity: Affinity): Load {
  const load = new Load(problem);
  const remaining = problem.counts.slice();
  const used = nodes.filter((node) => problem.used[node] === 1);
  for (const node of used) fill(load, node, remaining, affinity);
  const shapes = shapesOf(
    problem,
    nodes.filter((node) => problem.used[node] === 0),
  );
  while (load.unplaced > 0) {
    const best = bestShape(load, shapes, remaining, affinity);
    if (best === undefined) break;
    fill(load, best.pop()!, remaining, affinity);
  }
  return load;
}

/** Empty nodes that are alike: the same room, open to the same items. Of each shape, the first of the order comes last. */
function shapesOf(problem: Problem, nodes: Int32Array): number[][] {
  const { dimensions, free, allowed } = problem;
  const masks = [...new Set(allowed.filter((mask) => mask !== undefined))];
  const shapes = new Map<string, number[]>();
  for (const node of nodes.toReversed()) {
    const room = free.subarray(node * dimensions, (node + 1) * dimensions).join(' ');
    const key = `${room} ${masks.map((mask) => mask[node]).join('')}`;
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, [node]);
    else shape.push(node);
  }
  return [...shapes.values()].reverse();
}

/**
 * Of the first shapes that take anything, the one that takes most of what remains; undefined where none takes anything.
 * Shapes that take nothing now never will: they are dropped.
 */
function bestShape(load: Load, shapes: number[][], remaining: Int32Array, affinity: Affinity): number[] | undefined {
  let best: number[] | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < Math.min(shapes.length, mostShapes); ) {
    const node = shapes[index]!.at(-1);
    if (node === undefined || !takesAny(load, node, remaining)) {
      shapes.splice(index, 1);
      continue;
    }
    const taken = shapes.length === 1 ? 0 : wouldTake(load, node, remaining, affinity);
    if (taken > most) {
      most = taken;
      best = shapes[index];
    }
    index++;
  }
  return best;
}

/** The size of what a node would be filled with. */
function wouldTake(load: Load, node: number, remaining: Int32Array, affinity: Affinity): number {
  const before = remaining.slice();
  fill(load, node, remaining, affinity);
  const taken = sizeOn(load, node);
  for (const unit of [...load.units[node]!].reverse()) load.remove(unit);
  remaining.set(before);
  return taken;
}

function takesAny(load: Load, node: number, remaining: Int32Array): boolean {
  return remaining.some((count, item) => count > 0 && load.fits(item, node));
}

function sizeOn({ problem, free }: Load, node: number): number {
  const { dimensions, scale } = problem;
  let size = 0;
  for (let at = node * dimensions; at < (node + 1) * dimensions; at++) {
    size += (problem.free[at]! - free[at]!) * scale[at % dimensions]!;
  }
  return size;
}

/** Puts on a node, one after another, what suits it best. Units of an item are given out in their order. */
function fill(load: Load, node: number, remaining: Int32Array, affinity: Affinity): void {
  const { problem } = load;
  const weights = demandWeights(problem, remaining);
  const candidates = problem.counts
    .map((_, item) => item)
    .filter((item) => remaining[item]! > 0 && mayUse(problem, item, node));
  for (;;) {
    const item = mostSuitable(load, node, candidates, remaining, weights, affinity);
    if (item < 0) return;
    load.place(problem.firstUnit[item]! + problem.counts[item]! - remaining[item]!, node);
    remaining[item] = remaining[item]! - 1;
  }
}

function mostSuitable(
  load: Load,
  node: number,
  candidates: Int32Array,
  remaining: Int32Array,
  weights: Float64Array,
  affinity: Affinity,
): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const item of candidates) {
    if (remaining[item] === 0 || !load.fits(item, node)) continue;
    const value = affinity === 'dot' ? dot(load, node, item, weights) : -distance(load, node, item, weights);
    if (value > most) {
      most = value;
      best = item;
    }
  }
  return best;
}

function dot({ problem, free }: Load, node: number, item: number, weights: Float64Array): number {
  const { dimensions, amounts, scale } = problem;
  let sum = 0;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const unit = scale[dimension]!;
    const amount = amounts[item * dimensions + dimension]! * unit;
    sum += weights[dimension]! * amount * free[node * dimensions + dimension]! * unit;
  }
  return sum;
}

function distance({ problem, free }: Load, node: number, item: number, weights: Float64Array): number {
  const { dimensions, amounts, scale } = problem;
  let sum = 0;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    const left = free[node * dimensions + dimension]! - amounts[item * dimensions + dimension]!;
    const share = left * scale[dimension]!;
    sum += weights[dimension]! * share * share;
  }
  return sum;
}
