import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { jobFor } from '../cronjob/jobs.ts';
import { fakeView } from '../testing/fake-view.ts';
import { ttlAfterFinishedController as controller } from './ttlafterfinished.ts';

const doneMs = Date.parse('2026-01-01T00:00:00Z');

function aJob(ttlSecondsAfterFinished: number | undefined, end?: 'Complete' | 'Failed'): Job {
  const condition = { type: end ?? 'SuccessCriteriaMet', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'ns', uid: 'u', resourceVersion: '5' },
    spec: {
      template: {},
      ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }),
    } as Job['spec'],
    status: { conditions: [condition] },
  };
}

const reconcile = (job: Job, afterMs: number, others: readonly AnyObject[] = []): readonly Action[] =>
  controller.reconcile(`ns/${job.metadata.name}`, fakeView([job, ...others]), doneMs + afterMs);

it.each<[what: string, job: Job, afterMs: number, actions: object[]]>([
  ['a job without a time to live stays', aJob(undefined, 'Complete'), 1e9, []],
  ['a job that goes on stays', aJob(10), 1e9, []],
  ['a job that is done waits', aJob(10, 'Complete'), 4_000, [{ type: 'requeue', afterMs: 6_000 }]],
  ['a long wait looks at the clock twice a minute', aJob(1000, 'Failed'), 0, [{ type: 'requeue', afterMs: 30_000 }]],
  ['a job that finished in the future waits', aJob(0, 'Failed'), -3_000, [{ type: 'requeue', afterMs: 3_000 }]],
  [
    'a job is deleted with its pods, unless it was changed meanwhile',
    aJob(0, 'Failed'),
    0,
    [{ type: 'delete', propagationPolicy: 'Foreground', ifUnchanged: true }],
  ],
])('%s', (_, job, afterMs, actions) => expect(reconcile(job, afterMs)).toMatchObject(actions));

it('does not look at jobs that are being deleted', () => {
  const job = aJob(0, 'Complete');
  job.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  expect(reconcile(job, 1_000)).toEqual([]);
});

it('keeps the job of a CronJob until the status says that its time was used', () => {
  const template = { metadata: { name: '' }, spec: { template: {}, ttlSecondsAfterFinished: 0 } };
  const cronJob = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'c', namespace: 'ns', uid: 'cron' },
    spec: { schedule: '* * * * *', jobTemplate: template },
  } as CronJob;
  const made = jobFor(cronJob, doneMs);
  const job: Job = { ...made, metadata: { ...made.metadata, uid: 'u' }, status: aJob(0, 'Complete').status! };
  const noted = (time: string): CronJob => ({ ...cronJob, status: { lastScheduleTime: time } });
  expect(reconcile(job, 0, [cronJob])).toEqual([]);
  expect(reconcile(job, 0, [noted('2025-12-31T23:59:00Z')])).toEqual([]);
  expect(reconcile(job, 0, [noted('2026-01-01T00:00:00Z')])).toMatchObject([{ type: 'delete' }]);
  expect(reconcile(job, 0)).toMatchObject([{ type: 'delete' }]);
  const view = fakeView([job, cronJob]);
  expect([controller.keysFor(job, view), controller.keysFor(cronJob, view)]).toEqual([
    [`ns/${job.metadata.name}`],
    [`ns/${job.metadata.name}`],
  ]);
  expect(controller.keysFor(aJob(undefined, 'Complete'), view)).toEqual([]);
});
