import { amountsOf } from '@gantry/model/amounts.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import type { NodeInfo, Taint } from '../requirement.ts';

/** Compiles a node. Throws BadRequest for a quantity that cannot be read. */
export function compileNode(node: Node): NodeInfo {
  const images = new Map<string, number>();
  for (const { names = [], sizeBytes = 0 } of node.status?.images ?? []) {
    for (const name of names) images.set(name, sizeBytes);
  }
  return {
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    taints: (node.spec?.taints ?? []).map(({ key, value = '', effect }) => {
      return { key, value, effect: effect as Taint['effect'] };
    }),
    unschedulable: node.spec?.unschedulable ?? false,
    allocatable: amountsOf(node.status?.allocatable ?? node.status?.capacity),
    images,
  };
}
