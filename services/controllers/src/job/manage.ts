import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action } from '../core/action.ts';
import { chooseVictims } from '../replicaset/victims.ts';
import type { BackoffMemory, Failures, Now } from './backoff.ts';
import { firstMissing, intervalsOf, union } from './intervals.ts';
import { hasLimitPerIndex, indexOf, isIndexed, isTracked, trackingFinalizer } from './pods.ts';
import { sortedIndexes, type Tally } from './tally.ts';
import { podFor, podForIndex } from './template.ts';

/** Most pods that one plan creates or deletes, as in Kubernetes; the rest follows at once after. */
const burst = 500;
/** Milliseconds by which a replacement that waits for its back-off is late at most. */
const leastWaitMs = 1_000;

/** Time that is known to a plan, and how long pods are held back. */
export interface Pace {
  readonly key: string;
  readonly now: Now;
  readonly memory: BackoffMemory;
  readonly failures: Failures;
}

/** Acts on a Job's active pods. */
export interface Management {
  readonly actions: readonly Action[];
  /** Pods that are active once the deletions are done; undefined where nothing is done. */
  readonly activeAfter: number | undefined;
}

/** Makes a suspended Job's pods end. They count as nothing. */
export function suspend(tally: Tally): Management {
  return remove(tally, tally.active.slice(0, burst));
}

/** Creates or deletes pods, so that as many are active as may be. Deletions come first: a plan has one of both. */
export function manage(tally: Tally, pace: Pace): Management {
  const { active, terminating, job } = tally;
  const wanted = wantedOf(tally);
  const victims = victimsOf(tally, Math.max(0, active.length - wanted), pace.now.wallMs).slice(0, burst);
  if (victims.length > 0) return remove(tally, victims);
  const leaving = job.spec.podReplacementPolicy === 'Failed' ? terminating.length : 0;
  const missing = Math.min(wanted - leaving - active.length, burst);
  const actions = missing > 0 ? create(tally, missing, pace) : [];
  return { actions, activeAfter: active.length };
}

function wantedOf({ job, active, succeeded }: Tally): number {
  const { completions, parallelism } = job.spec;
  // Without completions the first success ends the Job: the others run to their end, and none is replaced.
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism!;
  return Math.max(0, Math.min(completions - succeeded, parallelism!));
}

/** Deletes pods that are none of the Job's business any more, without counting them. */
function remove({ job, active }: Tally, victims: readonly Pod[]): Management {
  return {
    actions: [
      // One that has ended meanwhile is to be counted.
      ...victims.filter(isTracked).map((object): Action => ({ ...release(object), ifUnchanged: true })),
      ...victims.map((object): Action => ({ type: 'delete', object, tell: job })),
    ],
    activeAfter: active.length - victims.length,
  };
}

/** Takes the finalizer from a pod. */
export function release(object: Pod): Extract<Action, { type: 'removeFinalizer' }> {
  return { type: 'removeFinalizer', object, finalizer: trackingFinalizer };
}

/** At least so many pods, and those that an indexed Job has no place for: more than one of an index, or of none that there is. */
function victimsOf({ job, active }: Tally, atLeast: number, nowMs: number): readonly Pod[] {
  const choose = (pods: readonly Pod[], count: number): Pod[] => chooseVictims(pods, [], count, nowMs);
  if (!isIndexed(job)) return choose(active, atLeast);
  const byIndex = Map.groupBy(active, (pod) => {
    const index = indexOf(pod);
    return index !== undefined && index < job.spec.completions! ? index : undefined;
  });
  const surplus = [...byIndex].flatMap(([index, pods]) => (index === undefined ? pods : choose(pods, pods.length - 1)));
  if (surplus.length >= atLeast) return surplus;
  const others = new Set(surplus);
  const left = active.filter((pod) => !others.has(pod));
  return [...surplus, ...choose(left, atLeast - surplus.length)];
}

function create(tally: Tally, missing: number, { key, now, memory, failures }: Pace): readonly Action[] {
  const { job, lastFailed } = tally;
  const waitMs = hasLimitPerIndex(job) ? 0 : memory.remainingMs(key, failures, now);
  if (waitMs > 0) return [later(waitMs)];
  if (!isIndexed(job)) return Array.from({ length: missing }, () => creation(tally, podFor(job)));
  const pending = firstMissing(takenIndexes(tally), job.spec.completions!, missing);
  const waits = pending.map((index) => memory.remainingOfIndexMs(key, lastFailed.get(index), now));
  const due = pending.filter((_index, at) => waits[at]! <= 0);
  if (due.length === 0) return waits.length === 0 ? [] : [later(Math.min(...waits))];
  return due.map((index) => creation(tally, podForIndex(job, index, lastFailed.get(index))));
}

/** Indexes that need no pod: they are done, or have one. */
function takenIndexes({ job, active, terminating, succeededIndexes, failedIndexes = [] }: Tally) {
  const leaving = job.spec.podReplacementPolicy === 'Failed' ? terminating : [];
  const alive = intervalsOf(sortedIndexes([...active, ...leaving]));
  return union(union(succeededIndexes, failedIndexes), alive);
}

function creation({ job }: Tally, object: Pod): Action {
  return { type: 'create', object, tell: job };
}

function later(waitMs: number): Action {
  return { type: 'requeue', afterMs: Math.max(Math.ceil(waitMs), leastWaitMs) };
}
