import type { Container, Pod } from '@gantry/model/gen/gantry.core.v1.ts';

/** Kubernetes' default for spec.terminationGracePeriodSeconds. */
const defaultGraceSeconds = 30;

/** A container's role in its pod. A sidecar is an init container that goes on running (restartPolicy Always). */
export type ContainerRole = 'init' | 'sidecar' | 'main';

/** A container of a pod's spec with its role. */
export interface PlannedContainer {
  readonly name: string;
  readonly role: ContainerRole;
  readonly spec: Container;
}

/** The pod's containers in the order in which they start: init containers and sidecars, then main ones. */
export function plannedContainers(pod: Pod): PlannedContainer[] {
  const early = (pod.spec?.initContainers ?? []).map(
    (spec): PlannedContainer => ({ name: spec.name, role: spec.restartPolicy === 'Always' ? 'sidecar' : 'init', spec }),
  );
  const main = (pod.spec?.containers ?? []).map((spec): PlannedContainer => ({ name: spec.name, role: 'main', spec }));
  return [...early, ...main];
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
