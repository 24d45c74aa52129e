import type { ClusterChange } from '../plugin.ts';

/** Stands for "somewhere". */
export const anyNode = -1;
/** Nodes that are told apart between two cycles; where more changed, all waiting pods of the kind wake. */
const maxNodesApart = 64;

/** Changes since the last cycle with their nodes. Many changes wake waiting pods once. */
export class ChangeLog {
  #nodes = new Map<ClusterChange, Set<number>>();

  add(change: ClusterChange, node: number): void {
    const nodes = this.#nodes.get(change);
    if (nodes === undefined) this.#nodes.set(change, new Set([node]));
    else if (!nodes.has(anyNode)) nodes.add(nodes.size < maxNodesApart ? node : anyNode);
  }

  /** Everything that was added since the last call. */
  take(): ReadonlyMap<ClusterChange, ReadonlySet<number>> {
    const nodes = this.#nodes;
    if (nodes.size > 0) this.#nodes = new Map();
    return nodes;
  }
}
