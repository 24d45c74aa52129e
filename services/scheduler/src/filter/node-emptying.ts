import type { NodeFilter } from '../plugin.ts';

const reasons = ['node(s) were being emptied by the defragmenter'];

/**
 * Keeps pods off nodes that are being emptied, or what leaves them would come back. It lasts only as long as the moves
 * do, and ends at once for a pod that no other node takes.
 */
export const nodeEmptying: NodeFilter = {
  name: 'NodeEmptying',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeTaints'],
  prepare(_podClass, { emptying }) {
    if (emptying.size === 0) return undefined;
    return {
      passes: (node) => !emptying.has(node),
      reasons: () => reasons,
      helpedByPreemption: () => false,
    };
  },
};
