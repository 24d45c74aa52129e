import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { highestUserPriority } from '@gantry/model/kinds/priorityclass/system.ts';
import type { Mobility } from '../requirement.ts';

/** Annotations by which a pod's owner forbids that it is moved ("false"), or allows it in spite of local storage ("true"). */
const safeToEvict = ['gantry.dev/safe-to-evict', 'cluster-autoscaler.kubernetes.io/safe-to-evict'];

/** Whether a pod may be moved to another node for the sake of a tidier cluster, or why not. */
export function mobilityOf({ metadata, spec }: Pod, group: string): Mobility {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller);
  if (controller?.kind === 'DaemonSet' || controller?.kind === 'Node') return 'onePerNode';
  const said = new Set(safeToEvict.map((name) => metadata.annotations?.[name]));
  if (said.has('false')) return 'forbidden';
  if (controller === undefined) return 'bare';
  if (group !== '') return 'grouped';
  // Only the system's classes, for what a node or the cluster cannot do without, are above those that users make.
  if ((spec.priority ?? 0) > highestUserPriority) return 'critical';
  const isLocal = spec.volumes?.some(({ emptyDir, hostPath }) => emptyDir !== undefined || hostPath !== undefined);
  return isLocal && !said.has('true') ? 'localStorage' : 'movable';
}
