import { goesBefore } from './node-order.ts';

/**
 * Heaps of nodes, best on top, side by side in one array: one heap for each group of nodes that a batch tells apart.
 * The better node has the higher score; among equals the one that comes first in an order made of the seed.
 */
export class NodeHeaps {
  readonly #scores: Float64Array;
  readonly #seed: number;
  readonly #groupOf: (node: number) => number;
  /** The heaps. A group's heap starts at its place, and has room for all nodes of the group. */
  readonly #nodes: Int32Array;
  readonly #starts: Int32Array;
  readonly #sizes: Int32Array;
  /** Position of each node in its heap, counted from 1; 0 for nodes that are left out. */
  readonly #places: Int32Array;

  /**
   * @param groupOf Group of each node, from 0.
   * @param scores Score by node, negative where the node is left out; shared with the caller, who changes it. With one
   *   group, as many nodes may be added as there are scores.
   */
  constructor(end: number, groups: number, groupOf: (node: number) => number, scores: Float64Array, seed: number) {
    this.#scores = scores;
    this.#seed = seed;
    this.#groupOf = groupOf;
    this.#starts = new Int32Array(groups);
    this.#sizes = new Int32Array(groups);
    this.#nodes = new Int32Array(scores.length);
    this.#places = new Int32Array(scores.length);
    if (groups > 1) this.#reserve(end);
    for (let node = 0; node < end; node++) {
      if (scores[node]! >= 0) this.#append(groups === 1 ? 0 : groupOf(node), node);
    }
    for (let group = 0; group < groups; group++) {
      for (let at = this.#sizes[group]! >>> 1; at >= 1; at--) this.#siftDown(group, at);
    }
  }

  get groups(): number {
    return this.#sizes.length;
  }

  /** The best node of a group; -1 where none is left. */
  top(group: number): number {
    return this.#sizes[group] === 0 ? -1 : this.#nodes[this.#starts[group]!]!;
  }

  /** Puts a node where it belongs now that its score has changed: also in, or out where the score is negative. */
  changed(node: number): void {
    const group = this.#sizes.length === 1 ? 0 : this.#groupOf(node);
    let place = this.#places[node]!;
    if (this.#scores[node]! < 0) {
      if (place !== 0) this.#remove(group, place);
      return;
    }
    if (place === 0) {
      this.#append(group, node);
      place = this.#places[node]!;
    }
    if (!this.#siftUp(group, place)) this.#siftDown(group, place);
  }

  /** True where the first node goes before the second. */
  better(left: number, leftScore: number, right: number, rightScore: number): boolean {
    return goesBefore(left, leftScore, right, rightScore, this.#seed);
  }

  #reserve(end: number): void {
    const population = new Int32Array(this.groups);
    for (let node = 0; node < end; node++) population[this.#groupOf(node)]!++;
    for (let group = 1; group < this.groups; group++) {
      this.#starts[group] = this.#starts[group - 1]! + population[group - 1]!;
    }
  }

  #append(group: number, node: number): void {
    const place = ++this.#sizes[group]!;
    this.#put(group, place, node);
  }

  #put(group: number, place: number, node: number): void {
    this.#nodes[this.#starts[group]! + place - 1] = node;
    this.#places[node] = place;
  }

  #at(group: number, place: number): number {
    return this.#nodes[this.#starts[group]! + place - 1]!;
  }

  #remove(group: number, place: number): void {
    this.#places[this.#at(group, place)] = 0;
    const last = this.#at(group, this.#sizes[group]!);
    this.#sizes[group]!--;
    if (place > this.#sizes[group]!) return;
    this.#put(group, place, last);
    if (!this.#siftUp(group, place)) this.#siftDown(group, place);
  }

  /** True where the node moved. */
  #siftUp(group: number, from: number): boolean {
    const node = this.#at(group, from);
    const score = this.#scores[node]!;
    let place = from;
    while (place > 1) {
      const parent = this.#at(group, place >>> 1);
      if (!this.better(node, score, parent, this.#scores[parent]!)) break;
      this.#put(group, place, parent);
      place >>>= 1;
    }
    if (place === from) return false;
    this.#put(group, place, node);
    return true;
  }

  #siftDown(group: number, from: number): void {
    const scores = this.#scores;
    const size = this.#sizes[group]!;
    const node = this.#at(group, from);
    const score = scores[node]!;
    let place = from;
    for (let child = 2 * place; child <= size; child = 2 * place) {
      let best = this.#at(group, child);
      if (child < size) {
        const right = this.#at(group, child + 1);
        if (this.better(right, scores[right]!, best, scores[best]!)) {
          best = right;
          child++;
        }
      }
      if (!this.better(best, scores[best]!, node, score)) break;
      this.#put(group, place, best);
      place = child;
    }
    this.#put(group, place, node);
  }
}
