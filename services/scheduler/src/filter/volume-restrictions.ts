import type { NodeFilter } from '../plugin.ts';

const reasons = ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'];

/** Keeps pods waiting while another has a volume that only one pod may have. */
export const volumeRestrictions: NodeFilter = {
  name: 'VolumeRestrictions',
  stage: 'node',
  unblockedBy: ['podGone', 'volumes'],
  prepare({ requirement: { claims } }, { volumes }) {
    const exclusive = claims.filter((key) => volumes.claims.get(key)?.accessModes.includes('ReadWriteOncePod'));
    if (exclusive.length === 0) return undefined;
    const usersOf = (): number[] => exclusive.flatMap((key) => [...volumes.nodesUsing(key)]);
    return {
      passes: () => usersOf().length === 0,
      reasons: () => reasons,
      // Only where all that have it are on this node.
      helpedByPreemption: (node) => usersOf().every((user) => user === node),
    };
  },
};
