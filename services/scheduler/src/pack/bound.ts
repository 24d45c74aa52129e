import type { Problem } from './problem.ts';

/**
 * Nodes that must be opened, whatever the packing: in each dimension, what the nodes in use cannot take has to go to
 * empty ones, and those that have most of it are the fewest that can.
 */
export function leastOpened({ dimensions, itemCount, nodeCount, amounts, counts, free, used }: Problem): number {
  let least = 0;
  for (let dimension = 0; dimension < dimensions; dimension++) {
    let left = 0;
    for (let item = 0; item < itemCount; item++) left += counts[item]! * amounts[item * dimensions + dimension]!;
    const empty: number[] = [];
    for (let node = 0; node < nodeCount; node++) {
      const room = free[node * dimensions + dimension]!;
      if (used[node] === 1) left -= room;
      else empty.push(room);
    }
    empty.sort((a, b) => b - a);
    let opened = 0;
    while (left > 0 && opened < empty.length) left -= empty[opened++]!;
    least = Math.max(least, opened);
  }
  return least;
}
