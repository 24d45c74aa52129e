import type {
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
  ResourceRequirements,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { resizeConditions } from '@gantry/model/kinds/pod/allocated.ts';
import { addQuantities, parseQuantity } from '@gantry/model/quantity.ts';
import { podTotals, writeAmounts, zero } from '@gantry/model/quota/amounts.ts';
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

/** Totals of pods, by the pod: a status is made often, and a pod changes seldom. */
const totals = new WeakMap<Pod, ResourceRequirements>();

/** The resources that are set aside for a pod as a whole, and those by which it is held: the sum of its containers' where it has none of its own. */
export function podResources({ pod, resize: { whole } }: PodView): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  let resources = totals.get(pod);
  if (resources === undefined) {
    resources = totalsOf(pod);
    totals.set(pod, resources);
  }
  const { requests } = resources;
  return {
    ...(requests && { allocatedResources: requests }),
    resources: whole ? withShare(resources, whole) : resources,
  };
}

function totalsOf({ spec }: Pod): ResourceRequirements {
  const [requests, limits] = (['requests', 'limits'] as const).map((part) => {
    const sums = podTotals(spec, part, ({ resources }) => resources?.[part]);
    for (const [name, text] of Object.entries(spec.overhead ?? {})) {
      const sum = sums.get(name);
      if (sum !== undefined || part === 'requests') sums.set(name, addQuantities(sum ?? zero, parseQuantity(text)));
    }
    return sums.size === 0 ? undefined : writeAmounts(sums);
  });
  return { ...(limits && { limits }), ...(requests && { requests }) };
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
