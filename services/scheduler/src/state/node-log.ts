/** Changes that are remembered; who comes later than that starts anew. */
const maxRemembered = 65_536;

/** Log of changed nodes in order, so that derived state is updated without reading all nodes. */
export class NodeLog {
  #nodes: number[] = [];
  #start = 0;

  add(node: number): void {
    this.#nodes.push(node);
    if (this.#nodes.length <= maxRemembered) return;
    const dropped = this.#nodes.length >>> 1;
    this.#nodes = this.#nodes.slice(dropped);
    this.#start += dropped;
  }

  /** The place after the last change. */
  get end(): number {
    return this.#start + this.#nodes.length;
  }

  /** How many changes came after a place; infinitely many where that is too long ago to know. */
  countSince(place: number): number {
    return place < this.#start ? Number.POSITIVE_INFINITY : this.end - place;
  }

  /** The nodes that changed after a place, each once. They must still be known. */
  since(place: number): ReadonlySet<number> {
    return new Set(this.#nodes.slice(place - this.#start));
  }

  /** Visits the nodes that changed after a place, also those that changed again. They must still be known. */
  visitSince(place: number, visit: (node: number) => void): void {
    for (let at = place - this.#start; at < this.#nodes.length; at++) visit(this.#nodes[at]!);
  }
}
