import type { ContainerStatus } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RestartPolicy } from './spec.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/**
 * The pod's phase, as Kubernetes derives it from its containers.
 * @param init Init containers without sidecars, whose end says nothing of the pod.
 * @param over Nothing of the pod will be started any more.
 */
export function phaseOf(
  policy: RestartPolicy,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
  over: boolean,
): PodPhase {
  if (init.some((status) => isFailure(status) && (policy === 'Never' || over))) return 'Failed';
  const running = main.filter((status) => status.state?.running !== undefined).length;
  const ended = main.filter((status) => endOfStatus(status) !== undefined);
  if (over && running === 0) {
    return main.length > 0 && main.every((status) => endOfStatus(status)?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  if (running + ended.length < main.length) return 'Pending';
  return 'Running';
}

/** An init container that failed. */
function isFailure(status: ContainerStatus): boolean {
  return status.state?.terminated !== undefined && (status.state.terminated.exitCode ?? 0) !== 0;
}

/** The last end of a container that does not run, also during its restart backoff; undefined if it never ended. */
function endOfStatus(status: ContainerStatus): { readonly exitCode: number } | undefined {
  const end =
    status.state?.terminated ?? (status.state?.waiting === undefined ? undefined : status.lastState?.terminated);
  return end === undefined ? undefined : { exitCode: end.exitCode ?? 0 };
}
