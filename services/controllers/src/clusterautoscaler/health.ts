import { isReady } from '@gantry/model/ready.ts';
import type { Picture } from './picture.ts';
import type { ClusterAutoscalerSettings } from './settings.ts';

/** Why the cluster is no ground to decide on; undefined where it is: too many nodes are not ready that were. */
export function healthProblem(
  { nodes, groups }: Picture,
  {
    okTotalUnreadyCount,
    maxTotalUnreadyPercentage,
  }: Pick<ClusterAutoscalerSettings, 'okTotalUnreadyCount' | 'maxTotalUnreadyPercentage'>,
): string | undefined {
  const excused = new Set(
    groups.flatMap((group) =>
      group.nodes.filter(({ isComing, isLeaving }) => isComing || isLeaving).map(({ node }) => node),
    ),
  );
  const unready = nodes.filter((node) => !isReady(node) && !excused.has(node)).length;
  if (unready <= okTotalUnreadyCount || unready * 100 <= nodes.length * maxTotalUnreadyPercentage) return undefined;
  return `${unready} of ${nodes.length} nodes are not ready`;
}
