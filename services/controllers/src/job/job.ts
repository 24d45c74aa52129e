import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { canonicalJson } from '@gantry/model/hash.ts';
import { meets, requirementsOf } from '@gantry/model/selectors.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { claimsOf } from '../core/claims.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { waitOf } from './after.ts';
import { BackoffMemory, type Failures, type Now } from './backoff.ts';
import { holds, isFinished, type Why } from './conditions.ts';
import { countOf } from './count.ts';
import { type Management, manage, release, suspend } from './manage.ts';
import { isTracked, trackingFinalizer } from './pods.ts';
import { nextStatus } from './status.ts';
import { type Tally, tallyOf } from './tally.ts';
import { completionsReached, isComplete, type Verdict, verdictOf } from './verdict.ts';
import { Waiters } from './waiters.ts';

/** Milliseconds until a Job with a deadline is looked at again, at most: timers reach no further than some weeks. */
const longestWaitMs = 3_600_000;
/** Milliseconds in which changes of a Job's pods come together: one write of the status for all of them. */
const batchMs = 100;
/** The value of managedBy that means this controller, as the field's absence does. */
const ownName = 'kubernetes.io/job-controller';

/**
 * Runs Jobs: makes their pods, counts each that ended once, and says when enough have succeeded or too many failed. Its only memory is that of
 * back-off, and of which Jobs wait for which objects.
 */
export function jobController(clock: Clock): Controller {
  const memory = new BackoffMemory();
  const waiters = new Waiters();
  return {
    name: 'job-controller',
    watches: ['Job', 'Pod', 'Deployment'],

    keysFor(object: AnyObject, view: View): readonly string[] {
      if (object.kind === 'Job') return [keyOf(object), ...waiters.of(object)];
      if (object.kind !== 'Pod') return waiters.of(object);
      if (controllerOf(object)) return ownerKey(object, 'Job');
      // An orphan may be adopted by any Job that selects it.
      return [...view.list('Job', object.metadata.namespace)].filter((job) => selectorOf(job)(object)).map(keyOf);
    },

    batchMs: (object, old) => {
      const isChange =
        object.kind === 'Pod' || (old !== undefined && old.metadata.generation === object.metadata.generation);
      return isChange ? batchMs : 0;
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const job = view.get('Job', namespace, name);
      if (job === undefined || isFinished(job) || !isManaged(job)) {
        memory.forget(key);
        waiters.forget(key);
        return [];
      }
      const wait = job.spec.suspend === true ? undefined : waitOf(job, view);
      if (wait === undefined) waiters.forget(key);
      else waiters.note(key, job);
      // A pod that is uncounted and not in the view may be gone, or not there yet.
      if (hasUncounted(job) && !sees(view, 'Pod', job)) return [waitForView];
      const claims = claimsOf<Pod>(job, 'Pod', selectorOf(job), view);
      if (claims.isStale) return [waitForView];
      if (claims.actions.length > 0) return claims.actions.map((action) => tracked(action, job));
      const now = { wallMs: nowMs, monotonicMs: clock.monotonic() };
      return plan(tallyOf(job, claims.members), { key, now, memory, wait });
    },
  };
}

/** True for a Job that no other controller runs. */
export function isManaged({ spec }: Job): boolean {
  return spec.managedBy === undefined || spec.managedBy === ownName;
}

/** Tells the pods that a Job selects; worked out once for thousands of them. */
function selectorOf({ spec }: Job): (pod: Pod) => boolean {
  if (spec.selector === undefined) return () => false;
  const requirements = requirementsOf(spec.selector);
  return ({ metadata }) => requirements.every((requirement) => meets(metadata.labels, requirement));
}

function hasUncounted({ status }: Job): boolean {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  return succeeded.length + failed.length > 0;
}

/** The adoption of a pod with the finalizer that it gets, or the release of one with that which it loses. */
function tracked(action: Action, { metadata: { uid } }: Job): Action {
  if (action.type !== 'patchMetadata') return action;
  const { object, metadata } = action;
  const others = (object.metadata.finalizers ?? []).filter((each) => each !== trackingFinalizer);
  const isAdopted = metadata.ownerReferences?.some((owner) => owner.uid === uid);
  const finalizers = isAdopted ? [...others, trackingFinalizer] : others;
  return { ...action, metadata: { ...metadata, finalizers } };
}

/** Surroundings of a plan. */
interface Around {
  readonly key: string;
  readonly now: Now;
  readonly memory: BackoffMemory;
  /** Why the Job does not start yet. */
  readonly wait: Why | undefined;
}

function plan(tally: Tally, around: Around): readonly Action[] {
  const { job, active } = tally;
  const failures = failuresOf(tally, around);
  const activeMs = activeMsOf(job, around);
  let verdict = verdictOf(tally, activeMs);
  const ending = verdict === undefined ? [] : active.slice(0, mostEnding);
  const management = verdict === undefined ? managementOf(tally, around, failures) : nothing;
  if (verdict === undefined && isComplete(tally, management.activeAfter ?? active.length)) verdict = completionsReached;
  const count = countOf(tally, verdict, new Set(ending));
  const { status, events } = nextStatus(tally, count, verdict, around);
  const isSame = canonicalJson(status) === canonicalJson(job.status ?? {});
  return [
    // First: whatever fails after it, no pod is counted twice, and none is let go of that is not counted.
    ...(isSame ? [] : [{ type: 'updateStatus', object: { ...job, status } } as const, ...events]),
    ...ending.map((object): Action => ({ type: 'delete', object, tell: job })),
    ...count.release.map(release),
    ...management.actions,
    ...deadline(job, verdict, activeMs),
  ];
}

/** Most active pods that one plan ends with their Job, as many as it counts. */
const mostEnding = 500;
const nothing: Management = { actions: [], activeAfter: undefined };

/** Milliseconds since the Job was started or resumed; undefined while it is not running. */
function activeMsOf({ spec, status }: Job, { key, now, memory, wait }: Around): number | undefined {
  if (spec.suspend === true || wait !== undefined) return undefined;
  const startTime = holds(status?.conditions, 'Suspended') ? undefined : status?.startTime;
  return startTime === undefined ? 0 : memory.elapsedMs(key, Date.parse(startTime), now);
}

function failuresOf(tally: Tally, { key, memory }: Around): Failures {
  const { job, pods, newSucceeded, newFailed, uncounted } = tally;
  const held = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid!));
  return memory.failures(key, {
    uid: job.metadata.uid!,
    succeeded: newSucceeded,
    failed: newFailed,
    isCounted: (uid) => !held.has(uid) || uncounted.succeeded.has(uid) || uncounted.failed.has(uid),
    countedBefore: () => {
      const counted = pods.filter((pod) => !isTracked(pod));
      const ofPhase = (phase: string): Pod[] => counted.filter(({ status }) => status?.phase === phase);
      return { succeeded: ofPhase('Succeeded'), failed: ofPhase('Failed') };
    },
  });
}

function managementOf(tally: Tally, { key, now, memory, wait }: Around, failures: Failures): Management {
  const { job } = tally;
  if (job.metadata.deletionTimestamp !== undefined) return nothing;
  if (job.spec.suspend === true) return suspend(tally);
  return wait === undefined ? manage(tally, { key, now, memory, failures }) : nothing;
}

/** Looks again when the deadline of a Job that runs has come. */
function deadline({ spec }: Job, verdict: Verdict | undefined, activeMs: number | undefined): Action[] {
  const { activeDeadlineSeconds } = spec;
  if (verdict !== undefined || activeDeadlineSeconds === undefined || activeMs === undefined) return [];
  const leftMs = Number(activeDeadlineSeconds) * 1000 - activeMs;
  return [{ type: 'requeue', afterMs: Math.min(Math.max(leftMs, 0), longestWaitMs) }];
}
