/** Fields that the server sets on pods. */
import type { Pod, PodCondition, PodStatus, Toleration } from '../../gen/gantry.core.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { qosClassOf } from './qos.ts';

/**
 * Seconds that a pod stays on a node that is not ready or doesn't answer, where the pod says nothing. Kubernetes takes 300;
 * Gantry's own choice is 30, so that with its heartbeats the pods of a dead node run elsewhere in less than a minute.
 */
export const deadNodeTolerationSeconds = 30;

const deadNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Makes a new pod pending, whatever status it came with, and lets it ride out short failures of its node. */
export function preparePodForCreate(pod: Pod): void {
  pod.status = { phase: 'Pending', qosClass: qosClassOf(pod), ...gatedStatus(pod) };
  addDeadNodeTolerations(pod);
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

/** The status is written by itself: an update keeps what is stored. Tolerations come back where a manifest doesn't name them. */
export function preparePodForUpdate(pod: Pod, stored: Pod): void {
  if (stored.status === undefined) delete pod.status;
  else pod.status = stored.status;
  addDeadNodeTolerations(pod);
}

function addDeadNodeTolerations({ spec }: Pod): void {
  const given = spec.tolerations ?? [];
  const added = deadNodeTaints.filter((key) => !given.some((toleration) => covers(toleration, key))).map(tolerate);
  if (added.length > 0) spec.tolerations = [...given, ...added];
}

/** True where the pod says itself what shall happen with the taint. */
function covers({ key, effect }: Toleration, taintKey: string): boolean {
  return (!key || key === taintKey) && (!effect || effect === 'NoExecute');
}

function tolerate(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: deadNodeTolerationSeconds };
}
