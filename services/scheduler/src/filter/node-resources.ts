import type { Filter } from '../plugin.ts';
import { resourceNames } from '../requirement.ts';
import type { NodeTable } from '../state/node-table.ts';
import type { PodClass } from '../state/pod-class.ts';

/** True where a node has room for one more pod of a class. */
export function fits({ dimensions, amounts, unknownResources }: PodClass, nodes: NodeTable, node: number): boolean {
  if (unknownResources.length > 0) return false;
  for (let index = 0; index < dimensions.length; index++) {
    const dimension = dimensions[index]!;
    if (nodes.requested[dimension]![node]! + amounts[index]! > nodes.allocatable[dimension]![node]!) return false;
  }
  return true;
}

/** True where a node without pods would have room. */
function couldFit({ dimensions, amounts, unknownResources }: PodClass, nodes: NodeTable, node: number): boolean {
  if (unknownResources.length > 0) return false;
  return dimensions.every((dimension, index) => amounts[index]! <= nodes.allocatable[dimension]![node]!);
}

/** Everything that a node has too little of, in Kubernetes' words. */
export function shortages(podClass: PodClass, nodes: NodeTable, node: number): string[] {
  const { dimensions, amounts, unknownResources } = podClass;
  const short = [...unknownResources];
  for (let index = 0; index < dimensions.length; index++) {
    const dimension = dimensions[index]!;
    const free = nodes.allocatable[dimension]![node]! - nodes.requested[dimension]![node]!;
    if (amounts[index]! > free) short.push(nodes.dimensions[dimension]!);
  }
  return short.map((resource) => (resource === resourceNames.pods ? 'Too many pods' : `Insufficient ${resource}`));
}

/** Keeps pods off nodes without room for what they request. The solver asks it for all nodes in one pass (see resource-scan). */
export const nodeResourcesFit: Filter = {
  name: 'NodeResourcesFit',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeCapacity', 'podGone'],
  prepare(podClass, { nodes }) {
    return {
      passes: (node) => fits(podClass, nodes, node),
      reasons: (node) => shortages(podClass, nodes, node),
      helpedByPreemption: (node) => couldFit(podClass, nodes, node),
    };
  },
};
