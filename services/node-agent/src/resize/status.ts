import type { ContainerStatus, PodCondition, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { resizeConditions } from '@gantry/model/kinds/pod/allocated.ts';
import type { PlannedContainer } from '../pods/spec.ts';
import type { ContainerLife, PodView } from '../pods/view.ts';
import type { ResizeState } from './resizes.ts';
import { effectiveShare, sameShare, withShare } from './shares.ts';

/** Reason of a resize under way that failed, as Kubernetes has it. */
const errorReason = 'Error';

/** The resources that are set aside for a container, and those by which it is held if it runs. */
export function containerResources(
  { pod, resize }: PodView,
  { spec }: PlannedContainer,
  life: ContainerLife,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { resources = {} } = spec;
  const held = life.kind === 'running' ? resize.inForce.get(life.container.id) : undefined;
  const isAsWanted = held === undefined || sameShare(held, effectiveShare(pod, spec));
  const { requests } = resources;
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: isAsWanted ? resources : withShare(resources, held),
  };
}

/** The resources of a pod as a whole, where it has its own. */
export function podResources({ pod: { spec } }: PodView): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const { resources } = spec;
  if (resources === undefined) return {};
  return { ...(resources.requests && { allocatedResources: resources.requests }), resources };
}

/** Conditions that tell of a resize, without their times; none where there is none, or where the pod is over. */
export function resizeConditionsOf({ pending, underWay }: ResizeState): PodCondition[] {
  const { pending: waits, inProgress } = resizeConditions;
  const conditions: PodCondition[] = [];
  if (pending !== undefined) {
    const { reason, message, generation } = pending;
    conditions.push({ type: waits, observedGeneration: generation, status: 'True', reason, message });
  }
  if (underWay !== undefined) {
    const { generation, error } = underWay;
    const why = error === undefined ? {} : { reason: errorReason, message: error };
    conditions.push({ type: inProgress, observedGeneration: generation, status: 'True', ...why });
  }
  return conditions;
}
