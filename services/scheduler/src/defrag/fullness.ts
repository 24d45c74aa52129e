import { Dimension, type NodeTable } from '../state/node-table.ts';

/** How full a node is, 0 to 1: the mean of its shares of cpu and memory that are taken. */
export function fullness(nodes: NodeTable, node: number): number {
  return (takenShare(nodes, Dimension.cpu, node) + takenShare(nodes, Dimension.memory, node)) / 2;
}

function takenShare({ requested, allocatable }: NodeTable, dimension: number, node: number): number {
  const available = allocatable[dimension]![node]!;
  return available > 0 ? requested[dimension]![node]! / available : 1;
}
