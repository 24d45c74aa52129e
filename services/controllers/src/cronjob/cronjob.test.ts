import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';
import { fakeView } from '../testing/fake-view.ts';
import { cronJobController } from './cronjob.ts';
import { jobFor } from './jobs.ts';

const at = (time: string): number => Date.parse(`2016-05-19T${time}Z`);
const ofType = <T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }>[] =>
  actions.filter((action): action is Extract<Action, { type: T }> => action.type === type);

/** An hourly CronJob that was made at 10:00. */
function aCronJob(spec: Partial<CronJob['spec']> = {}, status?: CronJob['status']): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: 'c',
      namespace: 'ns',
      uid: 'cron',
      resourceVersion: '1',
      creationTimestamp: '2016-05-19T10:00:00Z',
    },
    spec: {
      schedule: '0 * * * *',
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        metadata: { name: '', labels: { a: 'b' }, annotations: { x: 'y' } },
        spec: { template: { metadata: { name: '' }, spec: { containers: [{ name: 'c', image: 'i' }] } } },
      },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

/** A job of the CronJob for a time. */
function aJob(cronJob: CronJob, time: string, end?: 'Complete' | 'Failed'): Job {
  const job = jobFor(cronJob, at(time));
  const status = { type: end ?? 'Suspended', status: 'True', lastTransitionTime: '2016-05-19T12:00:00Z' };
  Object.assign(job.metadata, { uid: `job ${time}`, resourceVersion: '7' });
  return {
    ...job,
    status: {
      startTime: `2016-05-19T${time}Z`,
      ...(end === undefined ? {} : { conditions: [status] }),
      ...(end === 'Complete' ? { completionTime: `2016-05-19T${time.replace(':00:', ':05:')}Z` } : {}),
    },
  };
}

const refTo = ({ kind, apiVersion, metadata: { namespace, name, uid } }: Job) => ({
  kind,
  apiVersion,
  namespace: namespace!,
  name,
  uid: uid!,
  resourceVersion: '7',
});

function reconcile(
  cronJob: CronJob,
  now: string,
  jobs: readonly AnyObject[] = [],
  controller = cronJobController('UTC'),
) {
  const actions = controller.reconcile('ns/c', fakeView([cronJob, ...jobs]), at(now));
  return {
    actions,
    made: ofType(actions, 'create').map(({ object }) => object.metadata.name),
    deleted: ofType(actions, 'delete').map(({ object }) => object.metadata.name),
    events: ofType(actions, 'event').map(({ reason }) => reason),
    status: ofType(actions, 'updateStatus').map(({ object }) => (object as CronJob).status)[0],
    waits: ofType(actions, 'requeue').map(({ afterMs }) => afterMs),
  };
}

const name = (time: string): string => `c-${at(time) / 60_000}`;

describe('a CronJob', () => {
  it('makes a job of its template, which tells its time', () => {
    const cronJob = aCronJob({ timeZone: 'America/New_York' });
    const [create] = ofType(reconcile(cronJob, '11:00:05').actions, 'create');
    expect(create!.object).toMatchObject({
      metadata: {
        name: name('11:00:00'),
        namespace: 'ns',
        labels: { a: 'b' },
        annotations: { x: 'y', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2016-05-19T07:00:00-04:00' },
        ownerReferences: [{ kind: 'CronJob', name: 'c', controller: true, blockOwnerDeletion: true }],
      },
      spec: { template: { spec: { containers: [{ image: 'i' }] } } },
    });
  });

  it('goes by the zone of the controller where it names none, and says the time in UTC', () => {
    const cronJob = aCronJob({ schedule: '30 13 * * *' });
    const controller = cronJobController('Asia/Tokyo');
    const [create] = ofType(
      reconcile(
        { ...cronJob, metadata: { ...cronJob.metadata, creationTimestamp: '2016-05-19T03:00:00Z' } },
        '04:30:00',
        [],
        controller,
      ).actions,
      'create',
    );
    expect(create!.object.metadata.annotations).toMatchObject({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2016-05-19T04:30:00Z',
    });
  });

  // As in Kubernetes' tests: nothing before the time, one job at it and after it, none where the deadline is over.
  it.each<[what: string, spec: Partial<CronJob['spec']>, last: string | undefined, now: string, made: string[]]>([
    ['never ran, not time', {}, undefined, '10:30:00', []],
    ['never ran, is time', {}, undefined, '11:00:00', [name('11:00:00')]],
    ['never ran, is late', {}, undefined, '12:30:00', [name('12:00:00')]],
    ['never ran, is time, suspended', { suspend: true }, undefined, '11:00:00', []],
    ['never ran, is time, past its deadline', { startingDeadlineSeconds: 10 }, undefined, '11:00:30', []],
    [
      'never ran, is time, within its deadline',
      { startingDeadlineSeconds: 60 },
      undefined,
      '11:00:30',
      [name('11:00:00')],
    ],
    ['ran, not time', {}, '11:00:00', '11:30:00', []],
    ['ran, is time', {}, '11:00:00', '12:00:10', [name('12:00:00')]],
    ['ran, is time, suspended', { suspend: true }, '11:00:00', '12:00:10', []],
    ['ran, is long past time', {}, '11:00:00', '16:10:00', [name('16:00:00')]],
    ['ran, is long past time, short deadline', { startingDeadlineSeconds: 10 }, '11:00:00', '16:10:00', []],
    ['ran, the clock was set back since', {}, '15:00:00', '12:00:10', []],
  ])('%s', (_, spec, last, now, made) => {
    const status = last === undefined ? undefined : { lastScheduleTime: `2016-05-19T${last}Z` };
    expect(reconcile(aCronJob(spec, status), now).made).toEqual(made);
  });

  it('wakes a moment after its next time, and looks at the clock twice a minute', () => {
    expect(reconcile(aCronJob(), '10:59:40').waits).toEqual([20_100]);
    expect(reconcile(aCronJob(), '10:10:00').waits).toEqual([30_000]);
    expect(reconcile(aCronJob({ suspend: true }), '10:10:00').waits).toEqual([]);
  });

  it('notes a new job and its time once it sees the job, and does not make it again', () => {
    const cronJob = aCronJob();
    const job = aJob(cronJob, '11:00:00');
    const { made, events, status } = reconcile(cronJob, '11:00:10', [job]);
    expect([made, events]).toEqual([[], []]);
    expect(status).toEqual({ active: [refTo(job)], lastScheduleTime: '2016-05-19T11:00:00Z' });
    expect(reconcile({ ...cronJob, status: status! }, '11:00:10', [job]).status).toBeUndefined();
  });

  it('notes the time of a job that finished before anybody wrote it down', () => {
    const cronJob = aCronJob();
    const { made, status } = reconcile(cronJob, '11:10:00', [aJob(cronJob, '11:00:00', 'Complete')]);
    expect(made).toEqual([]);
    expect(status).toEqual({ lastScheduleTime: '2016-05-19T11:00:00Z', lastSuccessfulTime: '2016-05-19T11:05:00Z' });
  });

  it('makes no job where somebody else has its name', () => {
    const cronJob = aCronJob();
    const taken = aJob(cronJob, '11:00:00');
    taken.metadata.ownerReferences = [];
    expect(reconcile(cronJob, '11:00:10', [taken]).made).toEqual([]);
  });

  it.each<[policy: string, made: string[], deleted: string[], events: string[], active: number]>([
    ['Allow', [name('12:00:00')], [], [], 1],
    ['Forbid', [], [], ['JobAlreadyActive'], 1],
    ['Replace', [name('12:00:00')], [name('11:00:00')], [], 0],
  ])('%s while a job runs', (concurrencyPolicy, made, deleted, events, active) => {
    const cronJob = aCronJob({ concurrencyPolicy });
    const job = aJob(cronJob, '11:00:00');
    const status = { active: [refTo(job)], lastScheduleTime: '2016-05-19T11:00:00Z' };
    const result = reconcile({ ...cronJob, status }, '12:00:10', [job]);
    expect(result).toMatchObject({ made, deleted, events });
    expect((result.status ?? status).active ?? []).toHaveLength(active);
  });

  it('starts at once what was forbidden while a job ran, when that one is done', () => {
    const cronJob = aCronJob({ concurrencyPolicy: 'Forbid' });
    const job = aJob(cronJob, '11:00:00', 'Failed');
    const status = { active: [refTo(job)], lastScheduleTime: '2016-05-19T11:00:00Z' };
    const result = reconcile({ ...cronJob, status }, '12:30:00', [job]);
    expect(result).toMatchObject({ made: [name('12:00:00')], events: ['SawCompletedJob'] });
    expect(result.status).toEqual({ lastScheduleTime: '2016-05-19T11:00:00Z' });
  });

  it('forbids by a job that the status does not know yet', () => {
    const cronJob = aCronJob({ concurrencyPolicy: 'Forbid' });
    expect(reconcile(cronJob, '12:00:10', [aJob(cronJob, '11:00:00')]).made).toEqual([]);
  });

  it('drops jobs that are gone, if the view is as new as the status that names them', () => {
    const cronJob = aCronJob();
    const gone = {
      ...cronJob,
      status: { active: [refTo(aJob(cronJob, '11:00:00'))], lastScheduleTime: '2016-05-19T11:00:00Z' },
    };
    expect(reconcile(gone, '11:30:00')).toMatchObject({
      events: ['MissingJob'],
      status: { lastScheduleTime: '2016-05-19T11:00:00Z' },
    });
    const late = cronJobController('UTC').reconcile('ns/c', fakeView([gone], 0), at('11:30:00'));
    expect(late).toEqual([{ type: 'requeue', afterMs: 500 }]);
  });

  it('tells of a job that it did not make, once, and does not count it', () => {
    const cronJob = aCronJob({ concurrencyPolicy: 'Forbid' });
    const manual = aJob(cronJob, '11:00:00');
    Object.assign(manual.metadata, { name: 'by-hand', ownerReferences: [controllerReference(cronJob)] });
    const controller = cronJobController('UTC');
    const first = reconcile(cronJob, '11:00:10', [manual], controller);
    expect(first).toMatchObject({ made: [name('11:00:00')], events: ['UnexpectedJob'], status: undefined });
    expect(reconcile(cronJob, '11:00:10', [manual], controller).events).toEqual([]);
  });

  it('keeps the youngest finished jobs, so many of each end', () => {
    const cronJob = aCronJob(
      { successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 0 },
      { lastScheduleTime: '2016-05-19T15:00:00Z' },
    );
    const times = ['11:00:00', '12:00:00', '13:00:00'];
    const jobs = [
      ...times.map((time) => aJob(cronJob, time, 'Complete')),
      aJob(cronJob, '14:00:00', 'Failed'),
      aJob(cronJob, '15:00:00'),
    ];
    const { deleted, actions } = reconcile(cronJob, '15:30:00', jobs);
    expect(deleted).toEqual([name('11:00:00'), name('14:00:00')]);
    expect(ofType(actions, 'delete')[0]).toMatchObject({ propagationPolicy: 'Background' });
    // The status is written first.
    expect(actions[0]!.type).toBe('updateStatus');
  });

  it('tells where more than a hundred times were missed, and starts the last one', () => {
    const cronJob = aCronJob({ schedule: '* * * * *' });
    expect(reconcile(cronJob, '23:00:00')).toMatchObject({ made: [name('23:00:00')], events: ['TooManyMissedTimes'] });
  });

  it('tells where its schedule has no times', () => {
    expect(reconcile(aCronJob({ schedule: '0 0 31 2 *' }), '23:00:00')).toMatchObject({
      made: [],
      events: ['InvalidSchedule'],
      waits: [],
    });
  });

  it('does no more than keep its status while it is being deleted', () => {
    const cronJob = aCronJob();
    cronJob.metadata.deletionTimestamp = '2016-05-19T11:30:00Z';
    const { made, status } = reconcile(cronJob, '12:00:10', [aJob(cronJob, '11:00:00', 'Complete')]);
    expect([made, status?.lastSuccessfulTime]).toEqual([[], '2016-05-19T11:05:00Z']);
  });
});
