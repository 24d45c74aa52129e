import type { Container, ContainerStatus, Pod, PodStatus } from '@gantry/model/gen/gantry.core.v1.ts';

/** Kubernetes' default for spec.terminationGracePeriodSeconds. */
const defaultGraceSeconds = 30;

/**
 * A container's role in its pod. A sidecar is an init container that goes on running (restartPolicy Always); an ephemeral one was
 * added to a running pod, runs once, and says nothing of the pod's state.
 */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

/** A container of a pod's spec with its role. */
export interface PlannedContainer {
  readonly name: string;
  readonly role: ContainerRole;
  readonly spec: Container;
  /** Name of the container whose processes an ephemeral one sees; its own alone where absent. */
  readonly target?: string;
}

/** The pod's containers in the order in which they start: init containers and sidecars, then main ones, then those that were added. */
export function plannedContainers(pod: Pod): PlannedContainer[] {
  const early = (pod.spec?.initContainers ?? []).map(
    (spec): PlannedContainer => ({ name: spec.name, role: spec.restartPolicy === 'Always' ? 'sidecar' : 'init', spec }),
  );
  const main = (pod.spec?.containers ?? []).map((spec): PlannedContainer => ({ name: spec.name, role: 'main', spec }));
  const added = (pod.spec?.ephemeralContainers ?? []).map(
    ({ targetContainerName, ...spec }): PlannedContainer => ({
      name: spec.name,
      role: 'ephemeral',
      spec,
      ...(targetContainerName ? { target: targetContainerName } : {}),
    }),
  );
  return [...early, ...main, ...added];
}

/** The list of a pod's spec that holds the containers of a role. */
export function listOf(role: ContainerRole): 'initContainers' | 'containers' | 'ephemeralContainers' {
  switch (role) {
    case 'init':
    case 'sidecar':
      return 'initContainers';
    case 'main':
      return 'containers';
    case 'ephemeral':
      return 'ephemeralContainers';
  }
}

/** The statuses of all containers that were reported, of every role. */
export function reportedStatuses(status: PodStatus | undefined): ContainerStatus[] {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses];
}

/** `namespace/name`, for logs. */
export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

/** The pod's uid; the api gives one to every object. */
export function podUid(pod: Pod): string {
  return pod.metadata.uid ?? '';
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** The pod's restart policy; Always if it says nothing. */
export function restartPolicyOf(pod: Pod): RestartPolicy {
  const policy = pod.spec?.restartPolicy;
  return policy === 'Never' || policy === 'OnFailure' ? policy : 'Always';
}

/** The pod's grace period in milliseconds. */
export function graceMsOf(pod: Pod): number {
  return (pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds) * 1_000;
}
