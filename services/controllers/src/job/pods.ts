import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { ContainerStatus, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isTerminating } from '../core/pods.ts';

/** Finalizer that keeps a pod until its Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** Annotation and label that tell a pod's index. */
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
/** Annotations of pods of Jobs with a backoff limit for each index: failures of the index before, counted and ignored. */
export const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';

const maxInt32 = 2 ** 31 - 1;

/** True for a pod that its Job has not counted yet. */
export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) ?? false;
}

/** True for a pod that counts as failed: it did, or it is being deleted and its Job does not wait for its end. */
export function isFailed(pod: Pod, { spec }: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return spec.podReplacementPolicy !== 'Failed' && isTerminating(pod);
}

/** True where each pod has an index. */
export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

/** True where each index has a backoff limit of its own. */
export function hasLimitPerIndex({ spec }: Job): boolean {
  return spec.backoffLimitPerIndex !== undefined;
}

/** Index of a pod; undefined where it says none, or none that there can be. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation];
  return text !== undefined && /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

/** Failures of a pod's index before it that count towards the index's limit. */
export function failureCountOf(pod: Pod): number {
  return countIn(pod, failureCountAnnotation);
}

/** Failures of a pod's index before it that a policy of failures ignored. */
export function ignoredFailureCountOf(pod: Pod): number {
  return countIn(pod, ignoredFailureCountAnnotation);
}

/** A number that users may have spoiled. */
function countIn({ metadata }: Pod, annotation: string): number {
  const text = metadata.annotations?.[annotation] ?? '';
  return /^\d+$/.test(text) && Number(text) <= maxInt32 ? Number(text) : 0;
}

/**
 * When a pod ended, in milliseconds since the Unix epoch: when its last container did, else when it ceased to be ready, else when
 * its end was asked for, else when it was made.
 */
export function finishedAtMs(pod: Pod): number {
  return (
    endOfContainers(pod) ?? endOfReadiness(pod) ?? deletionAtMs(pod) ?? timeOf(pod.metadata.creationTimestamp) ?? 0
  );
}

function endOfContainers({ spec, status }: Pod): number | undefined {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  const statuses = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
  ];
  const ends = statuses.map(endOf);
  if (ends.length === 0 || ends.includes(undefined)) return undefined;
  return Math.max(...(ends as number[]));
}

function endOf({ state }: ContainerStatus): number | undefined {
  return timeOf(state?.terminated?.finishedAt);
}

function endOfReadiness({ status }: Pod): number | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' ? timeOf(ready.lastTransitionTime) : undefined;
}

function deletionAtMs({ metadata }: Pod): number | undefined {
  const deadlineMs = timeOf(metadata.deletionTimestamp);
  return deadlineMs === undefined ? undefined : deadlineMs - Number(metadata.deletionGracePeriodSeconds ?? 0) * 1000;
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
