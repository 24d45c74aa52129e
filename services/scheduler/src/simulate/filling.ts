import type { Shape } from './shapes.ts';

/** Pods that ask for the same, as amounts. */
export interface PlanItem {
  readonly count: number;
  /** By dimension. */
  readonly amounts: Float64Array;
}

/** A shape of nodes, as amounts. */
export interface PlanShape {
  readonly shape: Shape;
  /** Shapes of equal keys are filled alike. */
  readonly key: string;
  /** Room of an empty node, by dimension. */
  readonly free: Float64Array;
  /** Copies of each item that an empty node takes by itself; 0 where it takes none. */
  readonly most: Int32Array;
}

/** Copies of each item on a node. */
export type Filling = Int32Array;

/** A shape as amounts. */
export function planShape(shape: Shape, free: Float64Array, most: Int32Array): PlanShape {
  return { shape, free, most, key: `${shape.cost} ${free.join(' ')} ${most.join(' ')}` };
}

/** Sum of what the items of a filling are worth. */
export function worthOf(filling: Filling, worths: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < filling.length; at++) sum += filling[at]! * worths[at]!;
  return sum;
}

/** Ways to fill an empty node with what remains: dearest items first, and those first that suit the room that is left. */
export function fillings(
  shape: PlanShape,
  remaining: readonly number[],
  items: readonly PlanItem[],
  worths: Float64Array,
): readonly Filling[] {
  const open = [...items.keys()].filter((at) => remaining[at]! > 0 && shape.most[at]! > 0);
  if (open.length === 0) return [];
  const dearest = open.toSorted((a, b) => worths[b]! - worths[a]!);
  const byWorth = inOrder(shape, remaining, items, dearest);
  return open.length === 1 ? [byWorth] : [byWorth, bySuiting(shape, remaining, items, open)];
}

function inOrder(
  shape: PlanShape,
  remaining: readonly number[],
  items: readonly PlanItem[],
  order: readonly number[],
): Filling {
  const free = shape.free.slice();
  const counts = new Int32Array(items.length);
  for (const at of order) {
    const { amounts } = items[at]!;
    let times = remaining[at]!;
    for (let d = 0; d < free.length; d++)
      if (amounts[d]! > 0) times = Math.min(times, Math.floor(free[d]! / amounts[d]!));
    if (times <= 0) continue;
    counts[at] = times;
    for (let d = 0; d < free.length; d++) free[d] = free[d]! - times * amounts[d]!;
  }
  return counts;
}

/** One after another the item that asks for most of what is left most of. */
function bySuiting(
  shape: PlanShape,
  remaining: readonly number[],
  items: readonly PlanItem[],
  open: number[],
): Filling {
  const free = shape.free.slice();
  const scale = shape.free.map((total) => (total > 0 ? 1 / total : 0));
  const counts = new Int32Array(items.length);
  let candidates = open;
  while (candidates.length > 0) {
    let best = -1;
    let most = -1;
    const fitting: number[] = [];
    for (const at of candidates) {
      const { amounts } = items[at]!;
      if (counts[at]! >= remaining[at]!) continue;
      let suits = 0;
      let fits = true;
      for (let d = 0; d < free.length; d++) {
        if (amounts[d]! > free[d]!) {
          fits = false;
          break;
        }
        suits += amounts[d]! * scale[d]! * free[d]! * scale[d]!;
      }
      if (!fits) continue;
      fitting.push(at);
      if (suits <= most) continue;
      most = suits;
      best = at;
    }
    if (best < 0) break;
    counts[best] = counts[best]! + 1;
    const { amounts } = items[best]!;
    for (let d = 0; d < free.length; d++) free[d] = free[d]! - amounts[d]!;
    candidates = fitting;
  }
  return counts;
}
