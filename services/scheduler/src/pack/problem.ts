import { assert } from '@gantry/runtime/assert.ts';

/** Pods that ask for the same, to be placed together with others. */
export interface PackItem {
  /** Request of one copy by dimension; whole numbers, so that sums are exact. */
  readonly amounts: readonly number[];
  /** How many of them there are. */
  readonly count: number;
  /** 1 by node index where the item may go; everywhere where absent. */
  readonly allowed?: Uint8Array;
}

/** A node that may take items. */
export interface PackNode {
  /** Free amounts by dimension; whole numbers. */
  readonly free: readonly number[];
  /** True where it runs something already: using it costs nothing. Nodes that are empty are opened only where they must be. */
  readonly isUsed: boolean;
}

/** Items and nodes as flat arrays. Each copy of an item is a unit; the units of an item follow one another. */
export interface Problem {
  readonly dimensions: number;
  readonly itemCount: number;
  readonly nodeCount: number;
  readonly unitCount: number;
  /** By item and dimension. */
  readonly amounts: Float64Array;
  readonly counts: Int32Array;
  /** The first unit of each item. */
  readonly firstUnit: Int32Array;
  /** Item by unit. */
  readonly itemOf: Int32Array;
  /** By node and dimension. */
  readonly free: Float64Array;
  /** 1 by node where using it costs nothing. */
  readonly used: Uint8Array;
  readonly allowed: readonly (Uint8Array | undefined)[];
  /** Weight that makes dimensions comparable: one over the largest node's amount; 0 if no node has any. */
  readonly scale: Float64Array;
}

/** Makes the arrays. Throws where vectors differ in length, or amounts are negative or not whole. */
export function problemOf(items: readonly PackItem[], nodes: readonly PackNode[]): Problem {
  const dimensions = items[0]?.amounts.length ?? nodes[0]?.free.length ?? 0;
  const amounts = flat(
    items.map((item) => item.amounts),
    dimensions,
  );
  const free = flat(
    nodes.map((node) => node.free),
    dimensions,
  );
  const counts = Int32Array.from(items, ({ count }) => count);
  assert(
    counts.every((count) => count >= 0),
    'counts of items are not negative',
  );
  const firstUnit = new Int32Array(items.length);
  for (let item = 1; item < items.length; item++) firstUnit[item] = firstUnit[item - 1]! + counts[item - 1]!;
  const unitCount = counts.reduce((sum, count) => sum + count, 0);
  const itemOf = new Int32Array(unitCount);
  for (const [item, count] of counts.entries()) itemOf.fill(item, firstUnit[item]!, firstUnit[item]! + count);
  return {
    dimensions,
    itemCount: items.length,
    nodeCount: nodes.length,
    unitCount,
    amounts,
    counts,
    firstUnit,
    itemOf,
    free,
    used: Uint8Array.from(nodes, ({ isUsed }) => (isUsed ? 1 : 0)),
    allowed: items.map(({ allowed }) => allowed),
    scale: scaleOf(free, dimensions),
  };
}

function flat(vectors: readonly (readonly number[])[], dimensions: number): Float64Array {
  const values = new Float64Array(vectors.length * dimensions);
  for (const [index, vector] of vectors.entries()) {
    assert(vector.length === dimensions, 'all items and nodes have the same dimensions');
    assert(
      vector.every((amount) => Number.isSafeInteger(amount) && amount >= 0),
      'amounts to be packed are whole and not negative',
    );
    values.set(vector, index * dimensions);
  }
  return values;
}

function scaleOf(free: Float64Array, dimensions: number): Float64Array {
  const scale = new Float64Array(dimensions);
  for (let at = 0; at < free.length; at++) {
    const dimension = at % dimensions;
    scale[dimension] = Math.max(scale[dimension]!, free[at]!);
  }
  return scale.map((most) => (most > 0 ? 1 / most : 0));
}

/** Whether an item may go to a node at all, whatever room it has. */
export function mayUse({ allowed }: Problem, item: number, node: number): boolean {
  const mask = allowed[item];
  return mask === undefined || mask[node] === 1;
}
