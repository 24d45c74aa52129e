import { meets, type Requirement } from '@gantry/model/selectors.ts';
import type { NodeTerm } from '../requirement.ts';
import { type NodeTable, nodeNameKey } from '../state/node-table.ts';

/** A test of nodes against a term. A term without conditions matches none. */
export function matchesTerm({ labels, names }: NodeTerm, nodes: NodeTable): (node: number) => boolean {
  const tests = [
    ...labels.map((requirement) => matchesColumn(requirement, nodes)),
    ...names.map((requirement) => matchesColumn({ ...requirement, key: nodeNameKey }, nodes)),
  ];
  if (tests.length === 0) return () => false;
  if (tests.length === 1) return tests[0]!;
  return (node) => tests.every((test) => test(node));
}

/** Judges each value that a label has once; after that a node costs one lookup. */
function matchesColumn(requirement: Requirement, nodes: NodeTable): (node: number) => boolean {
  const column = nodes.column(requirement.key);
  const { ids } = column;
  const verdicts: (boolean | undefined)[] = [];
  return (node) => {
    const id = ids[node]!;
    verdicts[id] ??= meets(labelsWith(requirement.key, column.values[id]), requirement);
    return verdicts[id];
  };
}

function labelsWith(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
