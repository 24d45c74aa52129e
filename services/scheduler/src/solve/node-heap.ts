/**
 * Heaps of nodes, best on top, side by side in one array: one heap for each group of nodes that a batch tells apart.
 * The better node has the higher score; among equals the one that comes first in an order made of the seed.
 */
export class NodeHeaps {
  readonly #nodes: Int32Array;
  readonly #scores: Float64Array;
  readonly #seed: number;
  /** Where each heap starts, and how many nodes it holds. */
  readonly #starts: Int32Array;
  readonly #sizes: Int32Array;

  /**
   * @param groupOf Group of each node, from 0.
   * @param scores Score by node, negative where the node is left out; shared with the caller, who changes it.
   */
  constructor(end: number, groups: number, groupOf: (node: number) => number, scores: Float64Array, seed: number) {
    this.#scores = scores;
    this.#seed = seed;
    this.#starts = new Int32Array(groups);
    this.#sizes = new Int32Array(groups);
    let total = 0;
    for (let node = 0; node < end; node++) {
      if (scores[node]! < 0) continue;
      this.#sizes[groupOf(node)]!++;
      total++;
    }
    for (let group = 1; group < groups; group++) {
      this.#starts[group] = this.#starts[group - 1]! + this.#sizes[group - 1]!;
    }
    this.#nodes = new Int32Array(total);
    this.#sizes.fill(0);
    for (let node = 0; node < end; node++) {
      if (scores[node]! < 0) continue;
      const group = groupOf(node);
      this.#nodes[this.#starts[group]! + this.#sizes[group]!++] = node;
    }
    for (let group = 0; group < groups; group++) {
      for (let at = (this.#sizes[group]! >>> 1) - 1; at >= 0; at--) this.#siftDown(group, at);
    }
  }

  get groups(): number {
    return this.#sizes.length;
  }

  /** The best node of a group; -1 where none is left. */
  top(group: number): number {
    return this.#sizes[group] === 0 ? -1 : this.#nodes[this.#starts[group]!]!;
  }

  /** Puts the top of a group where it belongs now that its score has changed; a negative score takes it out. */
  topChanged(group: number): void {
    const start = this.#starts[group]!;
    if (this.#scores[this.#nodes[start]!]! < 0) {
      this.#sizes[group]!--;
      this.#nodes[start] = this.#nodes[start + this.#sizes[group]!]!;
    }
    this.#siftDown(group, 0);
  }

  /** True where the first node goes before the second. */
  better(left: number, leftScore: number, right: number, rightScore: number): boolean {
    if (leftScore !== rightScore) return leftScore > rightScore;
    const leftRank = rank(left, this.#seed);
    const rightRank = rank(right, this.#seed);
    return leftRank === rightRank ? left < right : leftRank < rightRank;
  }

  #siftDown(group: number, from: number): void {
    const nodes = this.#nodes;
    const scores = this.#scores;
    const start = this.#starts[group]!;
    const size = this.#sizes[group]!;
    if (from >= size) return;
    const node = nodes[start + from]!;
    const score = scores[node]!;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      let best = nodes[start + child]!;
      if (child + 1 < size) {
        const right = nodes[start + child + 1]!;
        if (this.better(right, scores[right]!, best, scores[best]!)) {
          best = right;
          child++;
        }
      }
      if (!this.better(best, scores[best]!, node, score)) break;
      nodes[start + at] = best;
      at = child;
    }
    nodes[start + at] = node;
  }
}

/** A number that orders nodes in a way of each seed's own: several schedulers don't run after the same node. */
export function rank(node: number, seed: number): number {
  let mixed = Math.imul(node ^ seed, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
