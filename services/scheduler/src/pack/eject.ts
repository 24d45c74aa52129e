import { betterThan, type Load } from './load.ts';
import { demandWeights, sizesOf } from './order.ts';
import type { Random } from './random.ts';

// Improves a packing by guided ejection: a node is emptied, and its units are worked into the others one by one. A unit
// that fits nowhere takes the place of some that have been little trouble so far; those are worked in next, and the
// trouble that each has been is remembered. In between, units change places at random, so that other room arises.

/** Times that units may be put out before another node is tried. */
const patience = 300;

/** Improves a load in place until no node can be saved any more, or until `goesOn` says no; it is asked once a step. */
export function improve(load: Load, random: Random, goesOn: () => boolean, leastOpened: number): void {
  let best = load.nodeOf.slice();
  let score = { unplaced: load.unplaced, opened: load.opened };
  while (score.unplaced > 0 || score.opened > leastOpened) {
    const attempt = new Attempt(load, random);
    if (score.unplaced === 0) attempt.emptyNode();
    const ended = attempt.run(goesOn);
    const reached = { unplaced: load.unplaced, opened: load.opened };
    if (betterThan(reached, score)) {
      best = load.nodeOf.slice();
      score = reached;
    } else {
      load.restore(best);
    }
    if (!ended) return;
  }
}

/** One attempt to work units without a node into the others. */
class Attempt {
  readonly #load: Load;
  readonly #random: Random;
  readonly #sizes: Float64Array;
  /** Units without a node; the last is worked in next. */
  readonly #waiting: number[] = [];
  /** How much trouble each unit has been: grows each time that nothing has room for it. */
  readonly #trouble: Float64Array;
  /** Nodes that units may go to. */
  readonly #open: number[];
  /** The cheapest units found so far to be put out for another. */
  readonly #out = { node: -1, cost: 0, size: 0, units: [] as number[] };

  constructor(load: Load, random: Random) {
    const { problem } = load;
    this.#load = load;
    this.#random = random;
    this.#sizes = sizesOf(problem, demandWeights(problem, problem.counts), 'sum');
    this.#trouble = new Float64Array(problem.unitCount).fill(1);
    for (let unit = 0; unit < load.nodeOf.length; unit++) if (load.nodeOf[unit]! < 0) this.#waiting.push(unit);
    const any = this.#waiting.length > 0;
    this.#open = [...load.units.keys()].filter(
      (node) => any || problem.used[node] === 1 || load.units[node]!.length > 0,
    );
  }

  /** Takes all units off one of the nodes that would be saved without them: of two at random, the one with less on it. */
  emptyNode(): void {
    const { units, problem } = this.#load;
    const candidates = this.#open.filter((node) => problem.used[node] === 0);
    const sizeOf = (node: number): number =>
      units[node]!.reduce((sum, unit) => sum + this.#sizes[problem.itemOf[unit]!]!, 0);
    const [left, right] = [0, 1].map(() => candidates[this.#random(candidates.length)]!) as [number, number];
    const node = sizeOf(left) <= sizeOf(right) ? left : right;
    this.#open.splice(this.#open.indexOf(node), 1);
    const emptied = units[node]!.slice();
    for (const unit of emptied) this.#load.remove(unit);
    // The largest are worked in first, while there is most choice.
    this.#waiting.push(...emptied.sort((a, b) => this.#sizeOf(a) - this.#sizeOf(b)));
  }

  /** Works the waiting units in, until none is left or patience is at its end; false where it was told to stop. */
  run(goesOn: () => boolean): boolean {
    for (let ejections = 0; this.#waiting.length > 0 && ejections < patience; ) {
      if (!goesOn()) return false;
      const unit = this.#waiting.pop()!;
      const node = this.#roomFor(unit);
      if (node >= 0) {
        this.#load.place(unit, node);
        continue;
      }
      ejections++;
      this.#trouble[unit] = this.#trouble[unit]! + 1;
      if (!this.#findCheapest(unit)) {
        this.#waiting.unshift(unit);
        continue;
      }
      const { node: taken, units } = this.#out;
      for (const out of units) this.#load.remove(out);
      this.#load.place(unit, taken);
      this.#waiting.push(...units);
      this.#shake();
    }
    return true;
  }

  #sizeOf(unit: number): number {
    return this.#sizes[this.#load.problem.itemOf[unit]!]!;
  }

  /** A node that has room; of several the one that is left with least. */
  #roomFor(unit: number): number {
    const { problem, free } = this.#load;
    const { dimensions, scale } = problem;
    const item = problem.itemOf[unit]!;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const node of this.#open) {
      if (!this.#load.fits(item, node)) continue;
      let left = 0;
      for (let dimension = 0; dimension < dimensions; dimension++) {
        left += free[node * dimensions + dimension]! * scale[dimension]!;
      }
      if (left < least) {
        least = left;
        best = node;
      }
    }
    return best;
  }

  /** Finds the units, up to three on one node, that cost least to put out for another; of equals the smallest. */
  #findCheapest(unit: number): boolean {
    const { problem, units, free } = this.#load;
    const { dimensions, amounts, itemOf, allowed } = problem;
    const item = itemOf[unit]!;
    const mask = allowed[item];
    this.#out.cost = Number.POSITIVE_INFINITY;
    const lack = new Float64Array(dimensions);
    for (const node of this.#open) {
      if (mask !== undefined && mask[node] === 0) continue;
      for (let d = 0; d < dimensions; d++) lack[d] = amounts[item * dimensions + d]! - free[node * dimensions + d]!;
      this.#among(node, units[node]!, lack);
    }
    return this.#out.cost < Number.POSITIVE_INFINITY;
  }

  #among(node: number, units: readonly number[], lack: Float64Array): void {
    const { itemOf } = this.#load.problem;
    for (let i = 0; i < units.length; i++) {
      const first = units[i]!;
      const costOfFirst = this.#trouble[first]!;
      if (costOfFirst > this.#out.cost) continue;
      if (this.#covers(lack, itemOf[first]!, -1, -1)) {
        this.#consider(node, costOfFirst, this.#sizeOf(first), first, -1, -1);
        continue;
      }
      for (let j = i + 1; j < units.length; j++) {
        const second = units[j]!;
        const costOfTwo = costOfFirst + this.#trouble[second]!;
        if (costOfTwo > this.#out.cost) continue;
        if (this.#covers(lack, itemOf[first]!, itemOf[second]!, -1)) {
          this.#consider(node, costOfTwo, this.#sizeOf(first) + this.#sizeOf(second), first, second, -1);
          continue;
        }
        for (let k = j + 1; k < units.length; k++) {
          const third = units[k]!;
          const cost = costOfTwo + this.#trouble[third]!;
          if (cost > this.#out.cost || !this.#covers(lack, itemOf[first]!, itemOf[second]!, itemOf[third]!)) continue;
          const size = this.#sizeOf(first) + this.#sizeOf(second) + this.#sizeOf(third);
          this.#consider(node, cost, size, first, second, third);
        }
      }
    }
  }

  #covers(lack: Float64Array, first: number, second: number, third: number): boolean {
    const { dimensions, amounts } = this.#load.problem;
    for (let d = 0; d < dimensions; d++) {
      let freed = amounts[first * dimensions + d]!;
      if (second >= 0) freed += amounts[second * dimensions + d]!;
      if (third >= 0) freed += amounts[third * dimensions + d]!;
      if (freed < lack[d]!) return false;
    }
    return true;
  }

  #consider(node: number, cost: number, size: number, first: number, second: number, third: number): void {
    const out = this.#out;
    if (cost > out.cost || (cost === out.cost && size >= out.size)) return;
    out.node = node;
    out.cost = cost;
    out.size = size;
    out.units = [first, second, third].filter((unit) => unit >= 0);
  }

  /** Lets units of different nodes change places, at random, where both then have room. */
  #shake(): void {
    const { units, nodeOf, problem } = this.#load;
    const { itemOf, unitCount } = problem;
    for (let tries = this.#open.length; tries > 0; tries--) {
      const left = this.#random(unitCount);
      const from = nodeOf[left]!;
      const to = this.#open[this.#random(this.#open.length)]!;
      if (from < 0 || from === to) continue;
      if (this.#load.fits(itemOf[left]!, to)) {
        this.#load.remove(left);
        this.#load.place(left, to);
        continue;
      }
      if (units[to]!.length === 0) continue;
      const right = units[to]![this.#random(units[to]!.length)]!;
      this.#swap(left, from, right, to);
    }
  }

  #swap(left: number, from: number, right: number, to: number): void {
    const { itemOf } = this.#load.problem;
    this.#load.remove(left);
    this.#load.remove(right);
    const fit = this.#load.fits(itemOf[left]!, to) && this.#load.fits(itemOf[right]!, from);
    this.#load.place(left, fit ? to : from);
    this.#load.place(right, fit ? from : to);
  }
}
