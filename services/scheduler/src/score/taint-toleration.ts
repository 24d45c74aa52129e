import { tolerates } from '@gantry/model/taints.ts';
import type { Score } from '../plugin.ts';

/** Prefers nodes with fewer taints of effect PreferNoSchedule that the pod does not tolerate. */
export const preferNoSchedule: Score = {
  name: 'TaintToleration',
  weightOf: ({ taintToleration }) => taintToleration,
  prepare({ tolerations }, { nodes }) {
    const scores = Array.from({ length: nodes.taintSetCount }, (_, set) => {
      const disliked = nodes
        .taintsOf(set)
        .filter((taint) => taint.effect === 'PreferNoSchedule')
        .filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
      return 100 / (1 + disliked.length);
    });
    if (scores.every((score) => score === 100)) return undefined;
    return (node) => scores[nodes.taintSet[node]!]!;
  },
};
