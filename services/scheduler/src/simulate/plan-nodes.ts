import { randomFrom } from '../pack/random.ts';
import { type Filling, fillings, type PlanItem, type PlanShape, worthOf } from './filling.ts';
import type { Allowance, Shape } from './shapes.ts';

/** A node to be added, with the items that it is for. */
export interface PlannedNode {
  readonly shape: PlanShape;
  /** Copies by item. */
  readonly counts: Int32Array;
}

/** Ratios that differ by less are the same. */
const tolerance = 1e-9;
/** Kinds of shapes of which each alone is tried too, at most: of many, mixing them finds the best. */
const mostAlone = 12;
/** Steps of the search for something cheaper. */
const searchSteps = 150;
/** Nodes that a step of the search plans anew, at most, and others whose room it looks at. */
const mostReplanned = 6;
const mostOthers = 40;

/**
 * Chooses nodes for items by their amounts alone: as many items as possible, as cheaply as possible, and sizes of groups that are
 * as good in balance. Each next node is the one whose items are worth most for what it costs. An item is worth its part of the
 * cheapest node that holds nothing but items like it, or its amounts at the price of amounts; each kind of nodes alone is tried as well,
 * so that no rule which grows one group is better. Then a few nodes at a time are planned anew, for as long as that makes them cheaper.
 */
export function* planNodes(
  items: readonly PlanItem[],
  shapes: readonly PlanShape[],
  allowance: Allowance,
): Generator<void, PlannedNode[]> {
  const kinds = [...Map.groupBy(shapes, ({ key }) => key).values()];
  const choices = [shapes, ...(kinds.length > 1 && kinds.length <= mostAlone ? kinds : [])];
  let best: { readonly nodes: PlannedNode[]; readonly placed: number; readonly cost: number } | undefined;
  for (const choice of choices) {
    for (const worths of worthsOf(items, choice)) {
      const nodes = greedy(
        items.map(({ count }) => count),
        items,
        choice,
        worths,
        allowance,
      );
      giveBack(nodes, allowance);
      yield;
      const placed = nodes.reduce((sum, { counts }) => sum + counts.reduce((all, count) => all + count, 0), 0);
      const cost = costOf(nodes);
      const isBetter =
        best === undefined || placed > best.placed || (placed === best.placed && cost < best.cost - tolerance);
      if (isBetter && placed > 0) best = { nodes, placed, cost };
    }
  }
  if (best === undefined) return [];
  for (const { shape } of best.nodes) allowance.take(shape.shape, 1);
  const found = yield* search(best.nodes, items, shapes, allowance);
  // Fewer nodes leave room for others, where bounds were reached.
  const left = items.map(({ count }, at) => count - found.reduce((sum, { counts }) => sum + counts[at]!, 0));
  return [...found, ...greedy(left, items, shapes, worthsOf(items, shapes)[0], allowance)];
}

function costOf(nodes: readonly PlannedNode[]): number {
  return nodes.reduce((sum, { shape }) => sum + shape.shape.cost, 0);
}

function giveBack(nodes: readonly PlannedNode[], allowance: Allowance): void {
  for (const { shape } of nodes) allowance.take(shape.shape, -1);
}

/** The worth of each item: its part of the cheapest node of its like, or its amounts at what amounts cost. */
function worthsOf(items: readonly PlanItem[], shapes: readonly PlanShape[]): [Float64Array, Float64Array] {
  const alone = Float64Array.from(items, (_item, at) => {
    const least = Math.min(...shapes.map((shape) => shape.shape.cost / (shape.most[at] ?? 0)));
    return Number.isFinite(least) ? least : 0;
  });
  const dimensions = items[0]?.amounts.length ?? 0;
  const demand = new Float64Array(dimensions);
  for (const { amounts, count } of items) for (let at = 0; at < dimensions; at++) demand[at]! += count * amounts[at]!;
  const unit = demand.map((total, at) => {
    const cheapest = Math.min(
      ...shapes.map(({ free, shape }) => (free[at]! > 0 ? shape.cost / free[at]! : Number.POSITIVE_INFINITY)),
    );
    return total > 0 && Number.isFinite(cheapest) ? cheapest : 0;
  });
  // A dimension of which much is asked for, by what it costs, is dear; one that is left over costs nothing.
  const spent = demand.map((total, at) => total * unit[at]!);
  const most = Math.max(...spent, Number.MIN_VALUE);
  const byAmounts = Float64Array.from(items, ({ amounts }, item) =>
    alone[item] === 0
      ? 0
      : amounts.reduce((sum, amount, at) => sum + amount * unit[at]! * (spent[at]! / most) ** 2, Number.MIN_VALUE),
  );
  return [alone, byAmounts];
}

/** Adds nodes while they take anything. `remaining` is used up. */
function greedy(
  remaining: number[],
  items: readonly PlanItem[],
  shapes: readonly PlanShape[],
  worths: Float64Array,
  allowance: Allowance,
): PlannedNode[] {
  const nodes: PlannedNode[] = [];
  const grown = new Map<Shape, number>();
  const sizeOf = ({ shape }: PlanShape): number => shape.groupSize + (grown.get(shape) ?? 0);
  for (;;) {
    const best = bestFilling(remaining, items, shapes, worths, allowance);
    if (best === undefined) return nodes;
    const { counts, tied } = best;
    const times = Math.min(
      ...[...counts.entries()].flatMap(([at, count]) => (count > 0 ? Math.floor(remaining[at]! / count) : [])),
    );
    for (let time = 0; time < times; time++) {
      const open = tied.filter(({ shape }) => allowance.roomFor(shape) > 0);
      if (open.length === 0) break;
      const shape = open.reduce((smallest, other) => (sizeOf(other) < sizeOf(smallest) ? other : smallest));
      allowance.take(shape.shape, 1);
      grown.set(shape.shape, (grown.get(shape.shape) ?? 0) + 1);
      nodes.push({ shape, counts });
      for (const [at, count] of counts.entries()) remaining[at] = remaining[at]! - count;
    }
  }
}

/** The filling of an empty node that is worth most for its cost, and all shapes for which it is the same. */
function bestFilling(
  remaining: readonly number[],
  items: readonly PlanItem[],
  shapes: readonly PlanShape[],
  worths: Float64Array,
  allowance: Allowance,
): { readonly counts: Int32Array; readonly tied: PlanShape[] } | undefined {
  const byKey = new Map<string, readonly Filling[]>();
  let best: Filling | undefined;
  let bestRatio = 0;
  let tied: PlanShape[] = [];
  for (const shape of shapes) {
    if (allowance.roomFor(shape.shape) === 0) continue;
    const known = byKey.get(shape.key) ?? fillings(shape, remaining, items, worths);
    byKey.set(shape.key, known);
    for (const filling of known) {
      const ratio = worthOf(filling, worths) / shape.shape.cost;
      if (ratio > bestRatio * (1 + tolerance)) {
        best = filling;
        bestRatio = ratio;
        tied = [shape];
      } else if (filling === best) tied.push(shape);
    }
  }
  return best === undefined ? undefined : { counts: best, tied };
}

/** Plans a few nodes at a time anew, and keeps that where it costs less. */
function* search(
  given: readonly PlannedNode[],
  items: readonly PlanItem[],
  shapes: readonly PlanShape[],
  allowance: Allowance,
): Generator<void, PlannedNode[]> {
  let nodes = [...given];
  const pick = randomFrom(nodes.length);
  const worths = worthsOf(items, shapes);
  for (let step = 0; step < searchSteps && nodes.length > 0; step++) {
    // Those that were added last are the emptiest.
    const chosen = new Set([step % 2 === 0 ? nodes.length - 1 - pick(Math.min(nodes.length, 8)) : pick(nodes.length)]);
    while (chosen.size < Math.min(nodes.length, 1 + pick(mostReplanned))) chosen.add(pick(nodes.length));
    const old = nodes.filter((_, at) => chosen.has(at));
    const kept = nodes.filter((_, at) => !chosen.has(at));
    const remaining = items.map((_, at) => old.reduce((sum, { counts }) => sum + counts[at]!, 0));
    const first = kept.length > mostOthers ? pick(kept.length - mostOthers) : 0;
    const changed = intoRoom(remaining, kept.slice(first, first + mostOthers), items);
    giveBack(old, allowance);
    const fresh = greedy(remaining, items, shapes, worths[step % worths.length]!, allowance);
    if (remaining.every((count) => count === 0) && costOf(fresh) < costOf(old) - tolerance) {
      nodes = [...kept.slice(0, first), ...changed, ...kept.slice(first + mostOthers), ...fresh];
    } else {
      giveBack(fresh, allowance);
      for (const { shape } of old) allowance.take(shape.shape, 1);
    }
    if (step % 16 === 0) yield;
  }
  return nodes;
}

/** Puts items into the room that nodes have left, the largest first. `remaining` is what is left of them. */
function intoRoom(remaining: number[], nodes: readonly PlannedNode[], items: readonly PlanItem[]): PlannedNode[] {
  return nodes.map((node) => {
    const { shape } = node;
    const free = shape.free.slice();
    for (const [at, count] of node.counts.entries()) {
      if (count > 0) for (let d = 0; d < free.length; d++) free[d] = free[d]! - count * items[at]!.amounts[d]!;
    }
    let counts: Int32Array | undefined;
    for (const [at, { amounts }] of items.entries()) {
      while (remaining[at]! > 0 && shape.most[at]! > 0 && amounts.every((amount, d) => amount <= free[d]!)) {
        counts ??= node.counts.slice();
        counts[at] = counts[at]! + 1;
        remaining[at] = remaining[at]! - 1;
        for (let d = 0; d < free.length; d++) free[d] = free[d]! - amounts[d]!;
      }
    }
    return counts === undefined ? node : { shape, counts };
  });
}
