import type { Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import { listOf, plannedContainers, reportedStatuses } from './spec.ts';

/** Tells users what happens to a pod. `container` is the container that it happens to. */
export type RecordPodEvent = (
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  container?: string,
) => void;

/** Path of a container inside its pod, for an event's involvedObject. */
export function containerFieldPath(pod: Pod, container: string): string {
  const planned = plannedContainers(pod).find(({ name }) => name === container);
  return `spec.${listOf(planned?.role ?? 'main')}{${container}}`;
}

/** Events that follow from a change of the status: only back-offs. The code that carries an action out records all others. */
export function backOffsOf(
  before: PodStatus | undefined,
  after: PodStatus,
): { readonly container: string; readonly message: string }[] {
  return reportedStatuses(after).flatMap((status) => {
    const { reason = '', message = '' } = status.state?.waiting ?? {};
    const known = reportedStatuses(before).find(({ name }) => name === status.name);
    const isNew = known?.state?.waiting?.reason !== reason || known?.restartCount !== status.restartCount;
    if (!isNew) return [];
    if (reason === 'ImagePullBackOff')
      return [{ container: status.name ?? '', message: `Back-off pulling image "${status.image}"` }];
    return reason === 'CrashLoopBackOff' ? [{ container: status.name ?? '', message: crashText(message) }] : [];
  });
}

/** The event has no duration in it, so that repetitions count as one. */
function crashText(message: string): string {
  const detail = message.replace(/^back-off \S+ restarting failed container=(\S+) pod=(.*)$/, '$1 in pod $2');
  return `Back-off restarting failed container ${detail}`;
}
