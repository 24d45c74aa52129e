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
  readonly #nodes: number[] = [];
  readonly #scores: number[] = [];

  /** Takes the first `count` nodes of a selection: all that lie above the floor. */
  constructor({ nodes, scores }: Selection, count: number, floor: Floor, seed: number) {
    this.#seed = seed;
    this.#floor = floor;
    for (let at = 0; at < count; at++) {
      this.#nodes.push(nodes[at]!);
      this.#scores.push(scores[at]!);
    }
    this.#order();
  }

  /** True where nodes were left out that may take a pod. */
  get isPartial(): boolean {
    return this.#floor !== noFloor;
  }

  /** Nodes on the list. */
  get size(): number {
    return this.#nodes.length;
  }

  /** The best node; -1 where the list is used up. */
  top(): number {
    return this.#nodes.length === 0 ? -1 : this.#nodes[0]!;
  }

  /** The best node has another score now. */
  topChanged(score: number): void {
    const node = this.#nodes[0]!;
    if (this.#belongs(node, score)) {
      this.#sink(0, node, score);
      return;
    }
    const last = this.#nodes.pop()!;
    const lastScore = this.#scores.pop()!;
    if (this.#nodes.length > 0) this.#sink(0, last, lastScore);
  }

  /**
   * Nodes, each once, may have other scores now.
   * @param changed Says of a node whether it is one of them.
   */
  update(nodes: readonly number[], changed: (node: number) => boolean, evaluate: (node: number) => number): void {
    let kept = 0;
    for (let at = 0; at < this.#nodes.length; at++) {
      const node = this.#nodes[at]!;
      if (changed(node)) continue;
      this.#nodes[kept] = node;
      this.#scores[kept++] = this.#scores[at]!;
    }
    this.#nodes.length = this.#scores.length = kept;
    for (const node of nodes) {
      const score = evaluate(node);
      if (!this.#belongs(node, score)) continue;
      this.#nodes.push(node);
      this.#scores.push(score);
    }
    this.#order();
  }

  #belongs(node: number, score: number): boolean {
    return score !== refused && isAbove(this.#floor, node, score, this.#seed);
  }

  #order(): void {
    const size = this.#nodes.length;
    for (let at = (size >>> 1) - 1; at >= 0; at--) this.#sink(at, this.#nodes[at]!, this.#scores[at]!);
  }

  #sink(from: number, node: number, score: number): void {
    const nodes = this.#nodes;
    const scores = this.#scores;
    const size = nodes.length;
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
