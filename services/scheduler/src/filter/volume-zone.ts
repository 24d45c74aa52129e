import type { NodeFilter } from '../plugin.ts';
import type { ZoneDemand } from '../state/volumes.ts';
import { isInPlace } from './volume-match.ts';

const reasons = ['node(s) had no available volume zone'];

/** Labels by which nodes and volumes say where they are. */
export const zoneLabels = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];

/** Keeps pods in the zones that the labels of their volumes name; nodes without such labels are everywhere. */
export const volumeZone: NodeFilter = {
  name: 'VolumeZone',
  stage: 'node',
  unblockedBy: ['nodeAdded', 'nodeLabels', 'volumes'],
  prepare({ requirement: { claims } }, { volumes, nodes }) {
    const demands = claims.flatMap((key): readonly ZoneDemand[] => {
      const { volumeName = '' } = volumes.claims.get(key) ?? {};
      return volumes.volumes.get(volumeName)?.zones ?? [];
    });
    if (demands.length === 0) return undefined;
    const isThere = isInPlace(demands, nodes);
    const columns = zoneLabels.map((key) => nodes.column(key).ids);
    return {
      passes: (node) => isThere(node) || columns.every((ids) => ids[node] === 0),
      reasons: () => reasons,
      helpedByPreemption: () => false,
    };
  },
};
