import { goesBefore } from './node-order.ts';
import { refused } from './resource-scan.ts';
import { type Floor, isAbove, noFloor, type Selection } from './selection.ts';

/**
 * The best nodes for a class, in a heap. Nodes that are left out lie below its floor: as long as there is one on the
 * list, nobody need look at them.
 */
export class Shortlist {
  readonly #seed: number;
  readonly #floor: Floor;
  /** The heap; what lies beyond its size is of no meaning. */
  readonly #nodes: number[] = [];
  readonly #scores: number[] = [];
  #size = 0;

  /** Takes the first `count` nodes of a selection: all that lie above the floor. */
  constructor({ nodes, scores }: Selection, count: number, floor: Floor, seed: number) {
    this.#seed = seed;
    this.#floor = floor;
    for (let at = 0; at < count; at++) this.#append(nodes[at]!, scores[at]!);
    this.#order();
  }

  /** True where nodes were left out that may take a pod. */
  get isPartial(): boolean {
    return this.#floor !== noFloor;
  }

  /** Nodes on the list. */
  get size(): number {
    return this.#size;
  }

  /** The best node; -1 where the list is used up. */
  top(): number {
    return this.#size === 0 ? -1 : this.#nodes[0]!;
  }

  /** The best node has another score now. */
  topChanged(score: number): void {
    const node = this.#nodes[0]!;
    if (this.#belongs(node, score)) {
      this.#sink(0, node, score);
      return;
    }
    const last = --this.#size;
    if (last > 0) this.#sink(0, this.#nodes[last]!, this.#scores[last]!);
  }

  /**
   * Nodes, each once, may have other scores now.
   * @param changed Says of a node whether it is one of them.
   */
  update(nodes: readonly number[], changed: (node: number) => boolean, evaluate: (node: number) => number): void {
    const before = this.#size;
    this.#size = 0;
    for (let at = 0; at < before; at++) {
      const node = this.#nodes[at]!;
      if (!changed(node)) this.#append(node, this.#scores[at]!);
    }
    for (const node of nodes) {
      const score = evaluate(node);
      if (this.#belongs(node, score)) this.#append(node, score);
    }
    this.#order();
  }

  #append(node: number, score: number): void {
    this.#nodes[this.#size] = node;
    this.#scores[this.#size++] = score;
  }

  #belongs(node: number, score: number): boolean {
    return score !== refused && isAbove(this.#floor, node, score, this.#seed);
  }

  #order(): void {
    const size = this.#size;
    for (let at = (size >>> 1) - 1; at >= 0; at--) this.#sink(at, this.#nodes[at]!, this.#scores[at]!);
  }

  #sink(from: number, node: number, score: number): void {
    const nodes = this.#nodes;
    const scores = this.#scores;
    const size = this.#size;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      if (right < size && this.#goesBefore(nodes[right]!, scores[right]!, nodes[child]!, scores[child]!)) child = right;
      if (!this.#goesBefore(nodes[child]!, scores[child]!, node, score)) break;
      nodes[at] = nodes[child]!;
      scores[at] = scores[child]!;
      at = child;
    }
    nodes[at] = node;
    scores[at] = score;
  }

  #goesBefore(left: number, leftScore: number, right: number, rightScore: number): boolean {
    return goesBefore(left, leftScore, right, rightScore, this.#seed);
  }
}
