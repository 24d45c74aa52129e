import type { Job, JobStatus } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { isActive, isTerminating } from '../core/pods.ts';
import { type Intervals, includes, intervalsOf, parseIntervals, sizeOf, union } from './intervals.ts';
import {
  failureCountOf,
  finishedAtMs,
  hasLimitPerIndex,
  ignoredFailureCountOf,
  indexOf,
  isFailed,
  isIndexed,
  isTracked,
} from './pods.ts';
import { consequenceOf } from './policies.ts';

/** A Job and its pods, counted. Everything that a plan goes by. */
export interface Tally {
  readonly job: Job;
  readonly status: JobStatus;
  readonly pods: readonly Pod[];
  /** Pods that are neither ended nor being deleted. */
  readonly active: readonly Pod[];
  /** Pods that are being deleted and have not ended. */
  readonly terminating: readonly Pod[];
  /** Active pods that are ready. */
  readonly ready: number;
  /** Pods that ended whose finalizer holds them, that no status counts, and that have an index if they need one. */
  readonly newSucceeded: readonly Pod[];
  readonly newFailed: readonly Pod[];
  /** Uids of pods that the status counts, or is about to. */
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> };
  /** Pods that succeeded, or indexes; those that no status counts yet among them. */
  readonly succeeded: number;
  /** Pods that failed, but for those that a policy ignores. */
  readonly failed: number;
  /** Indexes that succeeded by the stored status, and all that did; empty where there are none. */
  readonly storedIndexes: Intervals;
  readonly succeededIndexes: Intervals;
  /** Indexes that failed for good; undefined without a limit for each index. */
  readonly failedIndexes: Intervals | undefined;
  /**
   * The last failed pod of each index that waits for its next one, with a limit for each index alone. Its finalizer stays until then: it
   * tells how often the index has failed.
   */
  readonly lastFailed: ReadonlyMap<number, Pod>;
}

/** Counts a Job's pods. */
export function tallyOf(job: Job, pods: readonly Pod[]): Tally {
  const status = job.status ?? {};
  const { uncountedTerminatedPods: stored = {} } = status;
  const uncounted = { succeeded: new Set(stored.succeeded), failed: new Set(stored.failed) };
  const tracked = pods.filter((pod) => isTracked(pod) && hasPlace(job, pod));
  const isNew = ({ metadata }: Pod): boolean =>
    !uncounted.succeeded.has(metadata.uid!) && !uncounted.failed.has(metadata.uid!);
  const newSucceeded = tracked.filter((pod) => pod.status?.phase === 'Succeeded' && isNew(pod));
  const newFailed = tracked.filter((pod) => isFailed(pod, job) && isNew(pod));
  const active = pods.filter(isActive);
  const counted = newFailed.filter((pod) => consequenceOf(job, pod).action !== 'Ignore').length;
  const indexes = indexesOf(job, tracked, newSucceeded);
  const { failedIndexes, succeededIndexes } = indexes;
  return {
    job,
    status,
    pods,
    active,
    terminating: pods.filter(isTerminating),
    ready: active.filter(isReady).length,
    newSucceeded,
    newFailed,
    uncounted,
    succeeded: isIndexed(job)
      ? sizeOf(succeededIndexes)
      : (status.succeeded ?? 0) + newSucceeded.length + uncounted.succeeded.size,
    failed: (status.failed ?? 0) + counted + uncounted.failed.size,
    ...indexes,
    lastFailed:
      failedIndexes === undefined
        ? new Map()
        : lastFailedOf(job, tracked, active, union(succeededIndexes, failedIndexes)),
  };
}

/** True for a pod that counts: that of an indexed Job needs an index that there is. */
export function hasPlace(job: Job, pod: Pod): boolean {
  if (!isIndexed(job)) return true;
  const index = indexOf(pod);
  return index !== undefined && index < job.spec.completions!;
}

function indexesOf(
  job: Job,
  tracked: readonly Pod[],
  newSucceeded: readonly Pod[],
): Pick<Tally, 'storedIndexes' | 'succeededIndexes' | 'failedIndexes'> {
  if (!isIndexed(job)) return { storedIndexes: [], succeededIndexes: [], failedIndexes: undefined };
  const { completions } = job.spec;
  const { completedIndexes = '', failedIndexes = '' } = job.status ?? {};
  const storedIndexes = parseIntervals(completedIndexes, completions!);
  const storedFailed = parseIntervals(failedIndexes, completions!);
  // An index that failed for good stays failed.
  const succeeded = sortedIndexes(newSucceeded).filter((index) => !includes(storedFailed, index));
  const succeededIndexes = union(storedIndexes, intervalsOf(succeeded));
  if (!hasLimitPerIndex(job)) return { storedIndexes, succeededIndexes, failedIndexes: undefined };
  const failed = sortedIndexes(tracked.filter((pod) => failsIndex(job, pod)));
  const open = failed.filter((index) => !includes(succeededIndexes, index));
  return {
    storedIndexes,
    succeededIndexes,
    failedIndexes: union(storedFailed, intervalsOf(open)),
  };
}

/** True for a pod with whose failure its index fails for good. */
function failsIndex(job: Job, pod: Pod): boolean {
  if (!isFailed(pod, job)) return false;
  const { action } = consequenceOf(job, pod);
  if (action === 'FailIndex') return true;
  return action !== 'Ignore' && failureCountOf(pod) >= job.spec.backoffLimitPerIndex!;
}

function lastFailedOf(
  job: Job,
  tracked: readonly Pod[],
  active: readonly Pod[],
  done: Intervals,
): ReadonlyMap<number, Pod> {
  const running = new Set(active.map(indexOf));
  const last = new Map<number, Pod>();
  for (const pod of tracked) {
    const index = indexOf(pod)!;
    if (!isFailed(pod, job) || running.has(index) || includes(done, index)) continue;
    const other = last.get(index);
    if (other === undefined || isLater(pod, other)) last.set(index, pod);
  }
  return last;
}

function isLater(pod: Pod, other: Pod): boolean {
  const failures = (each: Pod): number => failureCountOf(each) + ignoredFailureCountOf(each);
  return failures(pod) >= failures(other) && finishedAtMs(pod) >= finishedAtMs(other);
}

/** The pods' indexes in ascending order, each once. */
export function sortedIndexes(pods: readonly Pod[]): number[] {
  const indexes = new Set(pods.map(indexOf).filter((index) => index !== undefined));
  return [...indexes].sort((a, b) => a - b);
}
