import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { sizeOf } from './intervals.ts';
import { indexOf, isFailed, isIndexed, isTracked } from './pods.ts';
import { consequenceOf } from './policies.ts';
import { hasPlace, type Tally } from './tally.ts';
import type { Verdict } from './verdict.ts';

/** Most pods that one write of a status begins to count: so its list of uids stays below 20 KB. */
const mostUncounted = 500;

/** Numbers of pods that ended, as the status has them after this plan. */
export interface Count {
  readonly succeeded: number;
  readonly failed: number;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Pods whose finalizer goes once the status is written. */
  readonly release: readonly Pod[];
}

/**
 * Counts pods, each once, whatever fails between the steps: a pod that ended comes to the uncounted ones, and the status is written;
 * then its finalizer goes; and the next status has it in its number. Successes of indexes need no such list, as each index counts once.
 *
 * @param ending pods that are about to be deleted because of the verdict: it counts them as well.
 */
export function countOf(tally: Tally, verdict: Verdict | undefined, ending: ReadonlySet<Pod>): Count {
  const { job, pods, status } = tally;
  const indexed = isIndexed(job);
  const tracked = pods.filter(isTracked);
  const trackedUids = new Set(tracked.map(({ metadata }) => metadata.uid!));
  const stored = status.uncountedTerminatedPods ?? {};
  const succeeded = (stored.succeeded ?? []).filter((uid) => trackedUids.has(uid));
  const failed = (stored.failed ?? []).filter((uid) => trackedUids.has(uid));
  const counted = {
    succeeded: (status.succeeded ?? 0) + (stored.succeeded?.length ?? 0) - succeeded.length,
    failed: (status.failed ?? 0) + (stored.failed?.length ?? 0) - failed.length,
  };
  const release: Pod[] = [];
  for (const pod of indexed ? byIndex(tracked) : tracked) {
    if (release.length >= mostUncounted) break;
    if (!mayRelease(pod, tally, verdict, ending)) continue;
    const outcome = outcomeOf(pod, tally, verdict);
    // Pods of an earlier plan that failed half-way are still to be released, however many there are.
    if (outcome !== 'neither' && succeeded.length + failed.length >= mostUncounted) continue;
    release.push(pod);
    if (outcome === 'succeeded') succeeded.push(pod.metadata.uid!);
    if (outcome === 'failed') failed.push(pod.metadata.uid!);
  }
  if (indexed) counted.succeeded = sizeOf(tally.succeededIndexes);
  return { ...counted, uncounted: { succeeded, failed }, release };
}

function byIndex(pods: readonly Pod[]): Pod[] {
  return pods.toSorted((a, b) => (indexOf(a) ?? -1) - (indexOf(b) ?? -1));
}

/** True for a pod that nothing more will become of, as far as the Job goes. */
function mayRelease(pod: Pod, tally: Tally, verdict: Verdict | undefined, ending: ReadonlySet<Pod>): boolean {
  const { job, lastFailed } = tally;
  if (job.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Succeeded') return true;
  if (verdict !== undefined)
    return pod.status?.phase === 'Failed' || ending.has(pod) || pod.metadata.deletionTimestamp !== undefined;
  if (!isFailed(pod, job)) return false;
  const index = indexOf(pod);
  return index === undefined || lastFailed.get(index) !== pod;
}

/** Number to which a pod is added by its uid; neither for one that is in one already, counts by its index, or not at all. */
function outcomeOf(pod: Pod, tally: Tally, verdict: Verdict | undefined): 'succeeded' | 'failed' | 'neither' {
  const { job, uncounted } = tally;
  const uid = pod.metadata.uid!;
  if (uncounted.succeeded.has(uid) || uncounted.failed.has(uid) || !hasPlace(job, pod)) return 'neither';
  if (pod.status?.phase === 'Succeeded') return isIndexed(job) ? 'neither' : 'succeeded';
  // All that is not over yet has failed with its Job.
  if (!isFailed(pod, job) && verdict?.type !== 'FailureTarget') return 'neither';
  return consequenceOf(job, pod).action === 'Ignore' ? 'neither' : 'failed';
}
