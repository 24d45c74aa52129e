import { formatAge } from '../../age.ts';
import type { CronJob } from '../../gen/gantry.batch.v1.ts';
import type { Kind } from '../../kind.ts';
import { jobTemplateColumns } from '../job/columns.ts';
import { setJobTemplateDefaults } from '../job/defaults.ts';
import { nameWarnings } from '../pod/names.ts';
import { validateCronJob, validateCronJobName } from './validation.ts';

/** Jobs that succeeded and jobs that failed which are kept. */
const [defaultSuccessfulLimit, defaultFailedLimit] = [3, 1];

/** batch/v1 CronJob. */
export const cronJob: Kind<CronJob> = {
  kind: 'CronJob',
  group: 'batch',
  version: 'v1',
  plural: 'cronjobs',
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.batch.v1.CronJob',
  objectField: 'cronJob',
  hasStatus: true,
  generation: 'spec',
  setDefaults: ({ spec }) => {
    setJobTemplateDefaults(spec.jobTemplate.spec);
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= defaultSuccessfulLimit;
    spec.failedJobsHistoryLimit ??= defaultFailedLimit;
  },
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateCronJob,
  validateCreate: validateCronJobName,
  warnings: ({ metadata }) => nameWarnings(metadata),
  selectableFields: {},
  columns: [
    { name: 'SCHEDULE', cell: ({ spec }) => spec.schedule },
    { name: 'TIMEZONE', cell: ({ spec }) => spec.timeZone ?? '<none>' },
    { name: 'SUSPEND', cell: ({ spec }) => (spec.suspend === true ? 'True' : 'False') },
    { name: 'ACTIVE', cell: ({ status }) => String(status?.active?.length ?? 0) },
    {
      name: 'LAST SCHEDULE',
      cell: ({ status }, nowMs) =>
        status?.lastScheduleTime === undefined ? '<none>' : formatAge(status.lastScheduleTime, nowMs),
    },
    ...jobTemplateColumns<CronJob>(({ spec }) => spec.jobTemplate.spec),
  ],
};
