import type { Job, JobCondition, JobStatus } from '@gantry/model/gen/gantry.batch.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action } from '../core/action.ts';
import { impossible } from './after.ts';
import type { Now } from './backoff.ts';
import { aCondition, conditionOf, holds, type Why, withCondition } from './conditions.ts';
import type { Count } from './count.ts';
import { textOf } from './intervals.ts';
import { isIndexed, isTracked } from './pods.ts';
import type { Tally } from './tally.ts';
import type { Verdict } from './verdict.ts';

/** A Job's next status, and what users are told once it is written. */
export interface NextStatus {
  readonly status: JobStatus;
  readonly events: readonly Action[];
}

/** The status after a plan: what was counted, and the conditions that come of it. */
export function nextStatus(
  tally: Tally,
  count: Count,
  verdict: Verdict | undefined,
  { now: { wallMs }, wait }: { readonly now: Now; readonly wait: Why | undefined },
): NextStatus {
  const { job, status: stored, terminating, active, ready } = tally;
  const draft = new Draft(job, wallMs);
  draft.start(wait);
  if (verdict === undefined && job.metadata.deletionTimestamp === undefined) draft.suspendOrResume(wait);
  if (verdict !== undefined) {
    draft.judge(verdict);
    if (isOver(tally, count)) draft.finish(verdict, count);
  }
  const status: JobStatus = { ...withoutOwnFields(stored), ...draft.times, ...countsOf(tally, count) };
  status.active = active.length;
  status.ready = ready;
  status.terminating = terminating.length;
  if (draft.conditions.length > 0) status.conditions = [...draft.conditions];
  for (const name of ['active', 'succeeded', 'failed'] as const) if (status[name] === 0) delete status[name];
  return { status, events: draft.events };
}

/** True where nothing is left of a Job but its objects: no pod runs, ends, or waits to be counted. */
function isOver({ active, terminating, pods }: Tally, { uncounted }: Count): boolean {
  const left = active.length + terminating.length + uncounted.succeeded.length + uncounted.failed.length;
  return left === 0 && !pods.some(isTracked);
}

/** Fields that this controller knows nothing of. */
function withoutOwnFields({ ...others }: JobStatus): JobStatus {
  for (const name of ownFields) delete others[name];
  return others;
}

const ownFields = ['startTime', 'completionTime', 'conditions', 'completedIndexes', 'failedIndexes'] as const;

function countsOf({ job, succeededIndexes, failedIndexes }: Tally, count: Count): JobStatus {
  const { succeeded, failed } = count.uncounted;
  const completedIndexes = textOf(succeededIndexes);
  const indexes: JobStatus = {
    ...(completedIndexes === '' ? {} : { completedIndexes }),
    ...(failedIndexes === undefined ? {} : { failedIndexes: textOf(failedIndexes) }),
  };
  return {
    succeeded: count.succeeded,
    failed: count.failed,
    uncountedTerminatedPods: {
      ...(succeeded.length === 0 ? {} : { succeeded: [...succeeded] }),
      ...(failed.length === 0 ? {} : { failed: [...failed] }),
    },
    ...(isIndexed(job) ? indexes : {}),
  };
}

/** Conditions and times of a Job as they change, and the events that go with them. */
class Draft {
  readonly #job: Job;
  readonly #nowMs: number;
  conditions: readonly JobCondition[];
  times: Pick<JobStatus, 'startTime' | 'completionTime'>;
  readonly events: Action[] = [];

  constructor(job: Job, nowMs: number) {
    const { conditions = [], startTime, completionTime } = job.status ?? {};
    this.#job = job;
    this.#nowMs = nowMs;
    this.conditions = conditions;
    this.times = {
      ...(startTime === undefined ? {} : { startTime }),
      ...(completionTime === undefined ? {} : { completionTime }),
    };
  }

  /** The Job starts, unless it is suspended or waits for others. */
  start(wait: Why | undefined): void {
    const isSuspended = this.#job.spec.suspend === true;
    if (wait !== undefined) {
      this.#wait(wait);
      return;
    }
    if (isSuspended) return;
    if (holds(this.conditions, 'Waiting')) {
      this.#set('Waiting', { reason: 'PrerequisitesMet', message: 'Job waits for nothing any more' }, 'False');
    }
    this.times.startTime ??= rfc3339(this.#nowMs);
  }

  #wait(wait: Why): void {
    const before = conditionOf(this.conditions, 'Waiting');
    if (!this.#set('Waiting', wait)) return;
    if (before?.reason === wait.reason) return;
    this.#tell(wait.reason === impossible ? 'Warning' : 'Normal', wait);
  }

  suspendOrResume(wait: Why | undefined): void {
    if (this.#job.spec.suspend === true) {
      if (!this.#set('Suspended', { reason: 'JobSuspended', message: 'Job suspended' })) return;
      this.#tell('Normal', { reason: 'Suspended', message: 'Job suspended' });
      delete this.times.startTime;
    } else if (this.#set('Suspended', { reason: 'JobResumed', message: 'Job resumed' }, 'False')) {
      this.#tell('Normal', { reason: 'Resumed', message: 'Job resumed' });
      if (wait === undefined) this.times.startTime = rfc3339(this.#nowMs);
    }
  }

  judge(verdict: Verdict): void {
    if (!holds(this.conditions, verdict.type)) this.#set(verdict.type, verdict);
  }

  finish(verdict: Verdict, { succeeded }: Count): void {
    const { suspend, completions } = this.#job.spec;
    const neverStarts = suspend === true && completions === 0;
    if (!neverStarts) this.times.startTime ??= rfc3339(this.#nowMs);
    if (verdict.type === 'FailureTarget') {
      this.#set('Failed', verdict);
      this.#tell('Warning', verdict);
      return;
    }
    this.#set('Complete', verdict);
    // A wall clock that steps back ends nothing before it began.
    const startMs = Date.parse(this.times.startTime ?? rfc3339(this.#nowMs));
    this.times.completionTime = rfc3339(Math.max(this.#nowMs, startMs));
    if (completions !== undefined && succeeded > completions) {
      const message = 'Too many succeeded pods running after completion count reached';
      this.#tell('Warning', { reason: 'TooManySucceededPods', message });
    }
    this.#tell('Normal', { reason: 'Completed', message: 'Job completed' });
  }

  /** True where a condition changed. */
  #set(type: Parameters<typeof aCondition>[0], why: Why, status = 'True'): boolean {
    const before = this.conditions;
    this.conditions = withCondition(before, aCondition(type, why, this.#nowMs, status));
    return this.conditions !== before;
  }

  #tell(eventType: 'Normal' | 'Warning', { reason, message }: Why): void {
    this.events.push({ type: 'event', about: this.#job, eventType, reason, message });
  }
}
