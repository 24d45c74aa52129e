/** Validation of a job's status: counts and conditions that no job can have, and steps back. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Job, JobStatus } from '../../gen/gantry.batch.v1.ts';
import { canonicalJson } from '../../hash.ts';
import { duplicate, immutable, invalidField, invalidValue, nonNegative, required } from '../../validation/causes.ts';
import { commonIndex, countIndexes, IndexesError } from './indexes.ts';
import { isTrue } from './update.ts';

/** The two states of a job, and what differs between them: an old fault is no reason to refuse a change of something else. */
class Change {
  readonly job: Job;
  readonly status: JobStatus;
  readonly stored: JobStatus;

  constructor(job: Job, stored: Job) {
    this.job = job;
    this.status = job.status ?? {};
    this.stored = stored.status ?? {};
  }

  holds(type: string): boolean {
    return isTrue(this.status.conditions ?? [], type);
  }

  held(type: string): boolean {
    return isTrue(this.stored.conditions ?? [], type);
  }

  /** True where one of the conditions came to hold, or ceased to. */
  turned(...types: readonly string[]): boolean {
    return types.some((type) => this.holds(type) !== this.held(type));
  }

  changed(...fields: readonly (keyof JobStatus)[]): boolean {
    return fields.some(
      (field) => canonicalJson(this.status[field] ?? null) !== canonicalJson(this.stored[field] ?? null),
    );
  }

  get isFinished(): boolean {
    return this.holds('Complete') || this.holds('Failed');
  }

  get wasFinished(): boolean {
    return this.held('Complete') || this.held('Failed');
  }
}

/** Validates a job's status. */
export function validateJobStatus(job: Job, stored: Job): FieldCause[] {
  const change = new Change(job, stored);
  const counts = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;
  return [
    ...counts.flatMap((name) => nonNegative(`status.${name}`, change.status[name])),
    ...validateUncounted(change),
    ...validateConditions(change),
    ...validateEnd(change),
    ...validateTimes(change),
    ...validateIndexes(change),
    ...validateSteps(change),
  ];
}

function validateUncounted({ status }: Change): FieldCause[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (status.uncountedTerminatedPods?.[list] ?? []).flatMap((uid, index) => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === '') return [invalidValue(field, uid, 'must not be empty')];
      return seen.size === seen.add(uid).size ? [duplicate(field, uid)] : [];
    }),
  );
}

function validateConditions(change: Change): FieldCause[] {
  const holds = (type: string): boolean => change.holds(type);
  const faults: (readonly [isWrong: boolean, text: string])[] = [
    [
      holds('Complete') && holds('Failed') && change.turned('Complete', 'Failed'),
      'cannot set Complete=True and Failed=true conditions',
    ],
    [
      holds('Complete') && holds('FailureTarget') && change.turned('Complete', 'FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      holds('Failed') && !holds('FailureTarget') && (change.turned('Failed') || change.changed('failedIndexes')),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      holds('Complete') && !holds('SuccessCriteriaMet') && change.turned('Complete', 'SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [holds('SuccessCriteriaMet') && holds('Failed'), 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [
      holds('SuccessCriteriaMet') && holds('FailureTarget'),
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
    [
      change.job.spec.successPolicy !== undefined && !holds('SuccessCriteriaMet') && holds('Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
  ];
  return faults.filter(([isWrong]) => isWrong).map(([, text]) => invalidField('status.conditions', text));
}

/** A finished job has no pods left, and all of them are counted. */
function validateEnd(change: Change): FieldCause[] {
  const { status, isFinished } = change;
  if (!isFinished) return [];
  const ended = isFinished !== change.wasFinished;
  const causes: FieldCause[] = [];
  for (const name of ['active', 'terminating'] as const) {
    const count = status[name] ?? 0;
    if (count <= 0 || !(ended || change.changed(name))) continue;
    causes.push(invalidValue(`status.${name}`, count, `${name}>0 is invalid for finished job`));
  }
  const { suspend, completions } = change.job.spec;
  const neverStarted = suspend === true && completions === 0;
  if (status.startTime === undefined && (ended || change.changed('startTime')) && !neverStarted) {
    causes.push(required('status.startTime', 'startTime is required for finished job'));
  }
  const { failed = [], succeeded = [] } = status.uncountedTerminatedPods ?? {};
  if (failed.length + succeeded.length > 0 && (ended || change.changed('uncountedTerminatedPods'))) {
    const field = 'status.uncountedTerminatedPods';
    causes.push(invalidValue(field, status.uncountedTerminatedPods, 'must be empty for finished job'));
  }
  return causes;
}

function validateTimes(change: Change): FieldCause[] {
  const { status } = change;
  const { startTime, completionTime } = status;
  const field = 'status.completionTime';
  const causes: FieldCause[] = [];
  if (change.turned('Complete') || change.changed('completionTime')) {
    if (completionTime !== undefined && !change.holds('Complete')) {
      const text = 'cannot set completionTime when there is no Complete=True condition';
      causes.push(invalidValue(field, completionTime, text));
    } else if (completionTime === undefined && change.holds('Complete')) {
      causes.push(required(field, 'completionTime is required for Complete jobs'));
    }
  }
  const isOrdered =
    startTime === undefined || completionTime === undefined || Date.parse(completionTime) >= Date.parse(startTime);
  if (!isOrdered && change.changed('startTime', 'completionTime')) {
    causes.push(invalidValue(field, completionTime, 'must be equal to or after `startTime`'));
  }
  return causes;
}

function validateIndexes(change: Change): FieldCause[] {
  const { status, job } = change;
  const { completions, completionMode, backoffLimitPerIndex } = job.spec;
  const { completedIndexes = '', failedIndexes } = status;
  const causes: FieldCause[] = [];
  const parse = (name: 'completedIndexes' | 'failedIndexes', text: string): void => {
    try {
      countIndexes(text, completions!);
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error;
      causes.push(invalidValue(`status.${name}`, text, `error parsing ${name}: ${error.message}`));
    }
  };
  if (change.changed('completedIndexes')) {
    if (completions !== undefined) parse('completedIndexes', completedIndexes);
    if (completedIndexes !== '' && completionMode !== 'Indexed') {
      const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
      causes.push(invalidValue('status.completedIndexes', completedIndexes, text));
    }
  }
  if (change.changed('failedIndexes') && failedIndexes !== undefined) {
    if (backoffLimitPerIndex === undefined) {
      const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
      causes.push(invalidValue('status.failedIndexes', failedIndexes, text));
    } else if (completions !== undefined) parse('failedIndexes', failedIndexes);
  }
  if (!change.changed('failedIndexes', 'completedIndexes') || completions === undefined) return causes;
  const common = commonIndex(completedIndexes, failedIndexes ?? '', completions);
  if (common === undefined) return causes;
  const text = `failedIndexes and completedIndexes overlap at index: ${common}`;
  return [...causes, invalidValue('status.failedIndexes', failedIndexes, text)];
}

/** Things that never go back. */
function validateSteps(change: Change): FieldCause[] {
  const { status, stored, job } = change;
  const { spec } = job;
  const causes: FieldCause[] = [];
  if (change.changed('ready', 'active') && (status.ready ?? 0) > (status.active ?? 0)) {
    causes.push(invalidValue('status.ready', status.ready, 'cannot set more ready pods than active'));
  }
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (!change.held(type) || change.holds(type)) continue;
    causes.push(invalidField('status.conditions', `cannot disable the terminal ${type}=True condition`));
  }
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const name of isElastic ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    if ((status[name] ?? 0) >= (stored[name] ?? 0)) continue;
    causes.push(invalidValue(`status.${name}`, status[name] ?? 0, `cannot decrease the ${name} counter`));
  }
  if (status.completionTime !== undefined && stored.completionTime !== undefined && change.changed('completionTime')) {
    causes.push(immutable('status.completionTime', status.completionTime));
  }
  const isResuming =
    change.held('Suspended') &&
    (status.conditions ?? []).some((each) => each.type === 'Suspended' && each.status === 'False');
  const isFixed = stored.startTime !== undefined && !isResuming && spec.suspend !== true;
  if (isFixed && change.changed('startTime')) {
    const text = 'field is immutable for unsuspended job once set';
    causes.push(invalidValue('status.startTime', status.startTime ?? null, text));
  }
  if (change.held('SuccessCriteriaMet') && !change.holds('SuccessCriteriaMet')) {
    causes.push(invalidField('status.conditions', 'cannot disable the SuccessCriteriaMet=True condition'));
  }
  if (change.held('Complete') && !change.held('SuccessCriteriaMet') && change.holds('SuccessCriteriaMet')) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    causes.push(invalidField('status.conditions', text));
  }
  return causes;
}
