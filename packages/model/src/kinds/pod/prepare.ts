/** Fields that the server sets on pods. */
import type { Pod, PodCondition, PodStatus } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { setPodLevelDefaults } from './pod-level.ts';
import { qosClassOf } from './qos.ts';

/** Makes a new pod pending, whatever status it came with. */
export function preparePodForCreate(pod: Pod): void {
  setPodLevelDefaults(pod);
  pod.status = { phase: 'Pending', qosClass: qosClassOf(pod), ...gatedStatus(pod) };
  mergeLabelKeys(pod);
}

/** A pod with scheduling gates says from the start why it waits. */
function gatedStatus({ metadata, spec }: Pod): Pick<PodStatus, 'conditions'> {
  if (!spec.schedulingGates?.length) return {};
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
  if (metadata.creationTimestamp !== undefined) condition.lastTransitionTime = metadata.creationTimestamp;
  return { conditions: [condition] };
}

/** Puts the values of the pod's own labels into the selectors that ask for them by matchLabelKeys, so that a later change of a label changes nothing. */
function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  const merge = (selector: LabelSelector | undefined, keys: readonly string[] = [], operator: 'In' | 'NotIn'): void => {
    for (const key of keys) {
      if (selector === undefined || labels[key] === undefined) continue;
      if (selector.matchExpressions?.some((each) => each.key === key && each.operator === operator)) continue;
      selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [labels[key]] }];
    }
  };
  for (const each of spec.topologySpreadConstraints ?? []) merge(each.labelSelector, each.matchLabelKeys, 'In');
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = preferred.map(({ podAffinityTerm }) => podAffinityTerm);
    for (const term of [...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...terms]) {
      merge(term.labelSelector, term.matchLabelKeys, 'In');
      merge(term.labelSelector, term.mismatchLabelKeys, 'NotIn');
    }
  }
}

/** The status is written by itself: an update keeps what is stored. */
export function preparePodForUpdate(pod: Pod, stored: Pod): void {
  if (stored.status === undefined) delete pod.status;
  else pod.status = stored.status;
}
