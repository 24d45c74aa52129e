import type { Job } from '../../gen/gantry.batch.v1.ts';
import type { Kind } from '../../kind.ts';
import { nameWarnings } from '../pod/names.ts';
import { jobColumns } from './columns.ts';
import { setJobDefaults } from './defaults.ts';
import { followName, generateSelector, validateGeneratedSelector } from './selector.ts';
import { validateJobStatus } from './status.ts';
import { validateJobUpdate } from './update.ts';
import { validateJob } from './validation.ts';

/** batch/v1 Job. */
export const job: Kind<Job> = {
  kind: 'Job',
  group: 'batch',
  version: 'v1',
  plural: 'jobs',
  singular: 'job',
  shortNames: [],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.batch.v1.Job',
  objectField: 'job',
  hasStatus: true,
  generation: 'spec',
  setDefaults: setJobDefaults,
  prepareForCreate: (object) => {
    delete object.status;
    if (object.spec.manualSelector !== true) generateSelector(object);
  },
  followName,
  validate: validateJob,
  validateCreate: validateGeneratedSelector,
  validateUpdate: validateJobUpdate,
  validateStatus: validateJobStatus,
  warnings: ({ metadata }) => nameWarnings(metadata),
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  columns: jobColumns,
  // Jobs of the first versions of this group left their pods behind, and clients still count on it.
  defaultPropagation: 'Orphan',
};
