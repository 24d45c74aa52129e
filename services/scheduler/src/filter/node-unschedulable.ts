import { tolerates } from '@gantry/model/taints.ts';
import type { StaticFilter } from '../plugin.ts';

const cordon = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const;
const reasons = ['node(s) were unschedulable'];

/** Keeps pods off cordoned nodes, unless they tolerate the taint that stands for it. */
export const nodeUnschedulable: StaticFilter = {
  name: 'NodeUnschedulable',
  stage: 'static',
  unblockedBy: ['nodeAdded', 'nodeTaints'],
  prepare({ requirement }, { nodes }) {
    if (requirement.tolerations.some((toleration) => tolerates(toleration, cordon))) return undefined;
    return {
      passes: (node) => nodes.unschedulable[node] === 0,
      reasons: () => reasons,
      helpedByPreemption: () => false,
    };
  },
};
