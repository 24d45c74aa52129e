import type { Problem } from './problem.ts';

/** Nodes in the order in which they are filled: those in use first, then the empty ones, largest first. */
export function nodeOrder({ dimensions, nodeCount, free, used, scale }: Problem): Int32Array {
  const sizes = Float64Array.from({ length: nodeCount }, (_, node) => {
    let size = 0;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      size += free[node * dimensions + dimension]! * scale[dimension]!;
    }
    return size;
  });
  const order = Int32Array.from({ length: nodeCount }, (_, node) => node);
  return order.sort((left, right) => used[right]! - used[left]! || sizes[right]! - sizes[left]! || left - right);
}

/**
 * How much each dimension counts: its share of what the items ask for together, so that a dimension of which there is
 * plenty doesn't decide.
 * @param remaining How many copies of each item count.
 */
export function demandWeights({ dimensions, itemCount, amounts, scale }: Problem, remaining: Int32Array): Float64Array {
  const weights = new Float64Array(dimensions);
  let total = 0;
  for (let item = 0; item < itemCount; item++) {
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const demand = remaining[item]! * amounts[item * dimensions + dimension]! * scale[dimension]!;
      weights[dimension] = weights[dimension]! + demand;
      total += demand;
    }
  }
  return total > 0 ? weights.map((weight) => weight / total) : weights.fill(1);
}

/** How the dimensions of an item make one size. */
export type SizeMeasure = 'sum' | 'largest' | 'squares';

/** The size of each item, under given weights of dimensions. */
export function sizesOf(
  { dimensions, itemCount, amounts, scale }: Problem,
  weights: Float64Array,
  measure: SizeMeasure,
): Float64Array {
  return Float64Array.from({ length: itemCount }, (_, item) => {
    let size = 0;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const share = amounts[item * dimensions + dimension]! * scale[dimension]!;
      const part = weights[dimension]! * (measure === 'squares' ? share * share : share);
      size = measure === 'largest' ? Math.max(size, part) : size + part;
    }
    return size;
  });
}

/** Items by size, largest first. */
export function largestFirst(sizes: Float64Array): Int32Array {
  const order = Int32Array.from(sizes, (_, item) => item);
  return order.sort((left, right) => sizes[right]! - sizes[left]! || left - right);
}
