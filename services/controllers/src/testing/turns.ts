import { Violation } from './violation.ts';

/** Turns of one group from down to up for one demand, at most: some was under way when it began. */
const mostTurns = 2;

/** Changes of direction of groups: nodes that are fine are marked to leave, and kept after all or others started. A loop of both is a violation. */
export class Turns {
  readonly #shrunk = new Set<string>();
  readonly #counts = new Map<string, number>();
  /** When nodes were marked, by name. */
  #marked: ReadonlyMap<string, number> = new Map();
  #demand = '';
  #sinceMs = 0;
  /** Nodes that were marked, so far. */
  removals = 0;

  /** Looks at the demand, and at nodes with their groups. Where demand has changed, turns are counted anew. Throws where a group has turned too often. */
  look(
    demand: string,
    nodes: readonly { readonly name: string; readonly group: string; readonly isMarked: boolean }[],
    nowMs: number,
  ): void {
    if (demand !== this.#demand) this.excuse(nowMs);
    this.#demand = demand;
    const before = this.#marked;
    const marked = nodes.filter(({ isMarked }) => isMarked);
    this.#marked = new Map(marked.map(({ name }) => [name, before.get(name) ?? nowMs]));
    for (const { name, group, isMarked } of nodes) {
      if (isMarked && !before.has(name)) this.#shrank(group);
      if (!isMarked && before.has(name)) this.grew(group);
    }
  }

  /** Something went wrong that is nobody's fault: nodes may come and go for it. */
  excuse(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#shrunk.clear();
    this.#counts.clear();
  }

  /** Milliseconds for which demand had been the same, and nothing had gone wrong, when the node was marked; less than none where that has changed since. */
  steadyMs(name: string): number {
    return (this.#marked.get(name) ?? Number.NEGATIVE_INFINITY) - this.#sinceMs;
  }

  /** Throws where the group has turned too often. */
  grew(group: string): void {
    if (!this.#shrunk.delete(group)) return;
    const count = (this.#counts.get(group) ?? 0) + 1;
    this.#counts.set(group, count);
    if (count > mostTurns) throw new Violation(`group ${group} grows after it shrank, ${count} times for one demand`);
  }

  #shrank(group: string): void {
    this.removals++;
    this.#shrunk.add(group);
  }
}
