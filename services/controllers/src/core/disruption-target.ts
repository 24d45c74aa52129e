import type { Pod, PodCondition } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** A pod whose status says that it is about to be disrupted, and why: the same pod where it says so already. */
export function withDisruptionTarget(pod: Pod, reason: string, message: string, nowMs: number): Pod {
  const { generation } = pod.metadata;
  const conditions = pod.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'DisruptionTarget');
  if (before?.status === 'True' && before.reason === reason && before.message === message) return pod;
  const isOn = before?.status === 'True' && before.lastTransitionTime !== undefined;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason,
    message,
    lastTransitionTime: isOn ? before.lastTransitionTime! : rfc3339(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const others = conditions.filter((each) => each !== before);
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
}
