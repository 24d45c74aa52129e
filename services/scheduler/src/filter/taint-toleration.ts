import { tolerates } from '@gantry/model/taints.ts';
import type { StaticFilter } from '../plugin.ts';
import type { Taint, Toleration } from '../requirement.ts';

/** The first taint that keeps a pod with these tolerations away; undefined where none does. */
export function untolerated(taints: readonly Taint[], tolerations: readonly Toleration[]): Taint | undefined {
  return taints.find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/** Keeps pods off nodes with taints that they do not tolerate. Nodes share few sets of taints: each is judged once. */
export const taintToleration: StaticFilter = {
  name: 'TaintToleration',
  stage: 'static',
  unblockedBy: ['nodeAdded', 'nodeTaints'],
  prepare({ requirement }, { nodes }) {
    const refusals = Array.from({ length: nodes.taintSetCount }, (_, set) => {
      const taint = untolerated(nodes.taintsOf(set), requirement.tolerations);
      return taint && [`node(s) had untolerated taint {${taint.key}: ${taint.value}}`];
    });
    if (refusals.every((refusal) => refusal === undefined)) return undefined;
    return {
      passes: (node) => refusals[nodes.taintSet[node]!] === undefined,
      reasons: (node) => refusals[nodes.taintSet[node]!]!,
      helpedByPreemption: () => false,
    };
  },
};
