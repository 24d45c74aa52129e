import type { NodeFilter } from '../plugin.ts';
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

/** Says of nodes everything that they have too little of, in Kubernetes' words; what is the same is one list. */
function shortagesOf(podClass: PodClass, nodes: NodeTable): (node: number) => readonly string[] {
  const { dimensions, amounts, unknownResources } = podClass;
  const lists = new Map<number, readonly string[]>();
  return (node) => {
    // A number with a digit for each dimension that is short.
    let short = 0;
    for (let index = 0; index < dimensions.length; index++) {
      const dimension = dimensions[index]!;
      const isShort = nodes.requested[dimension]![node]! + amounts[index]! > nodes.allocatable[dimension]![node]!;
      short = 2 * short + Number(isShort);
    }
    let list = lists.get(short);
    if (list === undefined) {
      const digits = short.toString(2).padStart(dimensions.length, '0');
      const known = [...dimensions].filter((_, index) => digits[index] === '1').map((id) => nodes.dimensions[id]!);
      list = [...unknownResources, ...known].map((resource) =>
        resource === resourceNames.pods ? 'Too many pods' : `Insufficient ${resource}`,
      );
      lists.set(short, list);
    }
    return list;
  };
}

/** Keeps pods off nodes without room for what they request. The solver asks it for all nodes in one pass (see resource-scan). */
export const nodeResourcesFit: NodeFilter = {
  name: 'NodeResourcesFit',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeCapacity', 'podGone'],
  prepare(podClass, { nodes }) {
    return {
      passes: (node) => fits(podClass, nodes, node),
      reasons: shortagesOf(podClass, nodes),
      helpedByPreemption: (node) => couldFit(podClass, nodes, node),
    };
  },
};
