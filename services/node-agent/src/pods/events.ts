import type { ContainerStatus, Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';

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
  const isInit = (pod.spec?.initContainers ?? []).some(({ name }) => name === container);
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}

/** Events that follow from a change of the status: only back-offs. The code that carries an action out records all others. */
export function backOffsOf(
  before: PodStatus | undefined,
  after: PodStatus,
): { readonly container: string; readonly message: string }[] {
  const all = (status: PodStatus | undefined): ContainerStatus[] => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ];
  return all(after).flatMap((status) => {
    const { reason = '', message = '' } = status.state?.waiting ?? {};
    const known = all(before).find(({ name }) => name === status.name);
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
