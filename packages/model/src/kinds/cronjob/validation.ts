/** Validation of CronJobs. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CronJob, CronJobSpec } from '../../gen/gantry.batch.v1.ts';
import { invalidValue, invalidValues, nonNegative, notSupported, oneOf } from '../../validation/causes.ts';
import { validateJobSpec } from '../job/validation.ts';
import { scheduleProblems } from './cron.ts';
import { timeZoneProblems } from './timezone.ts';

const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'];
/** A job's name is that of its CronJob and 11 characters that tell the time; it is a label of its pods, which has 63 at most. */
const maxNameChars = 52;

/** Validates a CronJob. */
export function validateCronJob({ spec }: CronJob): FieldCause[] {
  const { timeZone, concurrencyPolicy, jobTemplate } = spec;
  const { selector, manualSelector } = jobTemplate.spec;
  const counts = ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const;
  const path = 'spec.jobTemplate.spec';
  return [
    ...validateSchedule(spec),
    ...counts.flatMap((name) => nonNegative(`spec.${name}`, spec[name])),
    ...(timeZone === undefined ? [] : invalidValues('spec.timeZone', timeZone, timeZoneProblems(timeZone))),
    ...oneOf('spec.concurrencyPolicy', concurrencyPolicy, concurrencyPolicies),
    ...validateJobSpec(jobTemplate.spec, path),
    ...(selector === undefined
      ? []
      : [invalidValue(`${path}.selector`, selector, '`selector` will be auto-generated')]),
    ...(manualSelector === true ? [notSupported(`${path}.manualSelector`, manualSelector, ['nil', 'false'])] : []),
  ];
}

/** Validates the name of a new CronJob, which those of its jobs begin with. */
export function validateCronJobName({ metadata: { name = '' } }: CronJob): FieldCause[] {
  if (name.length <= maxNameChars) return [];
  return [invalidValue('metadata.name', name, `must be no more than ${maxNameChars} characters`)];
}

function validateSchedule({ schedule }: CronJobSpec): FieldCause[] {
  const field = 'spec.schedule';
  if (schedule === '') return [];
  const causes = invalidValues(field, schedule, scheduleProblems(schedule));
  if (!schedule.includes('TZ')) return causes;
  return [...causes, invalidValue(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
}
