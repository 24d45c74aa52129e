import type { Requirement } from '@gantry/model/selectors.ts';
import type { StaticFilter } from '../plugin.ts';
import type { NodeTerm, PodRequirement } from '../requirement.ts';
import type { NodeTable } from '../state/node-table.ts';
import { matchesTerm } from './node-terms.ts';

const reasons = ["node(s) didn't match Pod's node affinity/selector"];

/** A test of nodes against the node selector and required affinity; undefined where there is neither. */
export function nodeAffinityTest(
  { nodeSelector, nodeTerms }: Pick<PodRequirement, 'nodeSelector' | 'nodeTerms'>,
  nodes: NodeTable,
): ((node: number) => boolean) | undefined {
  if (nodeSelector.length === 0 && nodeTerms === undefined) return undefined;
  const selector = matchesAll(nodeSelector, nodes);
  const terms = nodeTerms?.map((term: NodeTerm) => matchesTerm(term, nodes));
  if (terms === undefined) return selector;
  return (node) => selector(node) && terms.some((matches) => matches(node));
}

function matchesAll(requirements: readonly Requirement[], nodes: NodeTable): (node: number) => boolean {
  return requirements.length === 0 ? () => true : matchesTerm({ labels: requirements, names: [] }, nodes);
}

/** Keeps pods on the nodes that their node selector and required node affinity allow. */
export const nodeAffinity: StaticFilter = {
  name: 'NodeAffinity',
  stage: 'static',
  unblockedBy: ['nodeAdded', 'nodeLabels'],
  prepare({ requirement }, { nodes }) {
    const passes = nodeAffinityTest(requirement, nodes);
    return passes && { passes, reasons: () => reasons, helpedByPreemption: () => false };
  },
};
