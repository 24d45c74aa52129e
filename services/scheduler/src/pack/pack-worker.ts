import { type Packing, packBatch } from './pack-batch.ts';
import type { PackItem, PackNode } from './problem.ts';

/** One start of the search. */
export interface PackJob {
  readonly items: readonly PackItem[];
  readonly nodes: readonly PackNode[];
  readonly seed: number;
  readonly steps: number;
  readonly timeMs?: number;
}

/**
 * Packs in a worker thread.
 * @public The pool calls it by its name.
 */
export function packStart({ items, nodes, seed, steps, timeMs = Number.POSITIVE_INFINITY }: PackJob): Packing {
  const endMs = performance.now() + timeMs;
  return packBatch(items, nodes, { seed, steps, isOver: () => performance.now() >= endMs });
}
