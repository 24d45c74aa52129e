import { mayUse, type Problem } from './problem.ts';

/** The node of each unit, and the rest of each node. */
export class Load {
  readonly problem: Problem;
  /** Node by unit; -1 where it has none. */
  readonly nodeOf: Int32Array;
  /** Free amounts by node and dimension. */
  readonly free: Float64Array;
  /** The units of each node. */
  readonly units: number[][];
  /** Units that have a node. */
  placed = 0;

  constructor(problem: Problem) {
    this.problem = problem;
    this.nodeOf = new Int32Array(problem.unitCount).fill(-1);
    this.free = problem.free.slice();
    this.units = Array.from({ length: problem.nodeCount }, () => []);
  }

  get unplaced(): number {
    return this.problem.unitCount - this.placed;
  }

  /** Nodes that were empty and hold units now. */
  get opened(): number {
    let opened = 0;
    for (let node = 0; node < this.units.length; node++) {
      if (this.units[node]!.length > 0 && this.problem.used[node] === 0) opened++;
    }
    return opened;
  }

  /** True where a node may take one more of an item. */
  fits(item: number, node: number): boolean {
    const { dimensions, amounts } = this.problem;
    const from = item * dimensions;
    const at = node * dimensions;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      if (amounts[from + dimension]! > this.free[at + dimension]!) return false;
    }
    return mayUse(this.problem, item, node);
  }

  /** Puts a unit without a node on one. */
  place(unit: number, node: number): void {
    this.nodeOf[unit] = node;
    this.units[node]!.push(unit);
    this.#account(unit, node, -1);
    this.placed++;
  }

  /** Takes a unit off its node. */
  remove(unit: number): void {
    const node = this.nodeOf[unit]!;
    const units = this.units[node]!;
    units[units.indexOf(unit)] = units.at(-1)!;
    units.pop();
    this.nodeOf[unit] = -1;
    this.#account(unit, node, 1);
    this.placed--;
  }

  /** Makes it the same as an assignment that was taken from it, or from its like. */
  restore(nodeOf: Int32Array): void {
    for (let unit = 0; unit < nodeOf.length; unit++) {
      if (this.nodeOf[unit] !== nodeOf[unit] && this.nodeOf[unit]! >= 0) this.remove(unit);
    }
    for (let unit = 0; unit < nodeOf.length; unit++) {
      if (this.nodeOf[unit] !== nodeOf[unit]) this.place(unit, nodeOf[unit]!);
    }
  }

  #account(unit: number, node: number, sign: 1 | -1): void {
    const { dimensions, amounts, itemOf } = this.problem;
    const from = itemOf[unit]! * dimensions;
    const at = node * dimensions;
    for (let dimension = 0; dimension < dimensions; dimension++) {
      this.free[at + dimension] = this.free[at + dimension]! + sign * amounts[from + dimension]!;
    }
  }
}

/** True where the first packs better: more units have a node or, of equally many, fewer nodes had to be opened. */
export function betterThan(left: Score, right: Score): boolean {
  return left.unplaced !== right.unplaced ? left.unplaced < right.unplaced : left.opened < right.opened;
}

/** Quality of a packing. */
export interface Score {
  readonly unplaced: number;
  readonly opened: number;
}
