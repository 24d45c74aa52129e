import { leastOpened } from './bound.ts';
import { improve } from './eject.ts';
import { bestFit, firstFit } from './item-centric.ts';
import { betterThan, Load, type Score } from './load.ts';
import { fillNodes } from './node-centric.ts';
import { demandWeights, largestFirst, nodeOrder, type SizeMeasure, sizesOf } from './order.ts';
import { type PackItem, type PackNode, type Problem, problemOf } from './problem.ts';
import { randomFrom } from './random.ts';

/** How much may be spent on a packing. */
export interface PackBudget {
  /** The same seed, steps and starts give the same packing, on however many threads. */
  readonly seed: number;
  /** Steps of the search that improves what simple rules found; 0 for the rules alone. */
  readonly steps: number;
  /** Times that the search begins anew with other random numbers, each with all its steps; once where absent. */
  readonly starts?: number;
  /** Stops the search early, where it is given; what was found by then counts, and is not repeatable. */
  readonly isOver?: () => boolean;
}

/** Node of each item. */
export interface Packing {
  /** For each item, the node of each of its copies, by index; -1 for a copy that no node takes. */
  readonly nodes: readonly Int32Array[];
  /** Copies without a node. */
  readonly unplaced: number;
  /** Nodes that were empty and are used now. */
  readonly opened: number;
}

/**
 * Packs items onto nodes: as many copies as possible and, of equally many, with as few empty nodes opened as possible.
 * Never worse than first fit. Simple rules come first; then a search tries to do without one node after another.
 * @param items What is to be placed.
 * @param nodes Where it may go. They are filled up to what they have free, in every dimension.
 */
export function packBatch(items: readonly PackItem[], nodes: readonly PackNode[], budget: PackBudget): Packing {
  const problem = problemOf(items, nodes);
  const least = leastOpened(problem);
  const rules = construct(problem, least);
  let best: Score & Pick<Load, 'nodeOf'> = { ...scoreOf(rules), nodeOf: rules.nodeOf.slice() };
  for (let start = 0; start < (budget.starts ?? 1) && !isDone(best, least); start++) {
    if (budget.isOver?.()) break;
    let { steps } = budget;
    const load = new Load(problem);
    load.restore(rules.nodeOf);
    improve(load, randomFrom(budget.seed + start), () => steps-- > 0 && budget.isOver?.() !== true, least);
    if (betterThan(load, best)) best = { ...scoreOf(load), nodeOf: load.nodeOf };
  }
  return packingOf(problem, best);
}

function scoreOf({ unplaced, opened }: Score): Score {
  return { unplaced, opened };
}

function isDone({ unplaced, opened }: Score, least: number): boolean {
  return unplaced === 0 && opened <= least;
}

/** Tells nodes by item from nodes by unit. */
function packingOf(problem: Problem, { nodeOf, unplaced, opened }: Score & Pick<Load, 'nodeOf'>): Packing {
  const nodes = Array.from(problem.counts, (count, item) => {
    const first = problem.firstUnit[item]!;
    return nodeOf.slice(first, first + count);
  });
  return { nodes, unplaced, opened };
}

/** Comparisons of an item with a node, by dimension, that a rule may cost at most; those that would cost more are left out. */
const maxWork = 2e8;

/** The best that simple rules find; the first that is as good as can be ends it. First fit in the given order is one. */
function construct(problem: Problem, least: number): Load {
  const nodes = nodeOrder(problem);
  const plain = new Float64Array(problem.dimensions).fill(1);
  const demand = demandWeights(problem, problem.counts);
  const bySize = (weights: Float64Array, measure: SizeMeasure): Int32Array =>
    largestFirst(sizesOf(problem, weights, measure));
  const { unitCount, itemCount, nodeCount, dimensions } = problem;
  const rules: (() => Load)[] = [
    () => firstFit(problem, indexes(itemCount), indexes(nodeCount)),
    () => firstFit(problem, bySize(demand, 'squares'), nodes),
  ];
  if (unitCount * nodeCount * dimensions <= maxWork) {
    rules.push(
      () => bestFit(problem, bySize(demand, 'sum'), nodes, demand),
      () => bestFit(problem, bySize(plain, 'largest'), nodes, plain),
    );
  }
  if ((unitCount + nodeCount) * itemCount * dimensions <= maxWork) {
    rules.push(
      () => fillNodes(problem, nodes, 'dot'),
      () => fillNodes(problem, nodes, 'distance'),
    );
  }
  let best: Load | undefined;
  for (const rule of rules) {
    const load = rule();
    if (best === undefined || betterThan(load, best)) best = load;
    if (isDone(best, least)) break;
  }
  return best!;
}

function indexes(length: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => index);
}
