import type { Amounts } from '@gantry/model/amounts.ts';
import type { NodeTable } from '../state/node-table.ts';

/** Names the resources of which all uncordoned nodes together have too little, in Kubernetes' words. */
export function missingRoom(wanted: Amounts, nodes: NodeTable): string[] {
  return [...wanted]
    .filter(([resource, amount]) => amount > freeOf(resource, nodes))
    .map(([name]) => `Insufficient ${name}`);
}

function freeOf(resource: string, nodes: NodeTable): number {
  const dimension = nodes.dimensionOf(resource);
  if (dimension === undefined) return 0;
  let free = 0;
  for (const node of nodes.indexes()) {
    if (nodes.unschedulable[node] === 1) continue;
    free += Math.max(0, nodes.allocatable[dimension]![node]! - nodes.requested[dimension]![node]!);
  }
  return free;
}
