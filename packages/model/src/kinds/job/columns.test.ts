import { expect, it } from 'vitest';
import type { Job } from '../../gen/gantry.batch.v1.ts';
import { jobColumns } from './columns.ts';

it.each([
  [[], 'Running'],
  [['Waiting'], 'Waiting'],
  [['Suspended'], 'Suspended'],
  [['FailureTarget'], 'FailureTarget'],
  [['FailureTarget', 'Failed'], 'Failed'],
  [['SuccessCriteriaMet', 'Complete'], 'Complete'],
])('a Job with the conditions %j is %s', (types, status) => {
  const conditions = types.map((type) => ({ type, status: 'True' }));
  const job = { metadata: { name: 'j' }, spec: {}, status: { conditions } } as unknown as Job;
  expect(jobColumns[0]!.cell(job, 0)).toBe(status);
});
