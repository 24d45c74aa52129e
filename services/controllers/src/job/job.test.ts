import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { describe, expect, it } from 'vitest';
import { aJob } from '../testing/job-scenario.ts';
import { indexOf } from './pods.ts';
import { JobDriver, podsOf } from './testing/driver.ts';

type Spec = Partial<Job['spec']>;

interface Expected {
  readonly created?: number;
  readonly indexes?: number[];
  readonly deleted?: number;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly completedIndexes?: string;
  readonly failedIndexes?: string;
  /** Types of conditions that hold. */
  readonly conditions?: string[];
}

const indexed = { completionMode: 'Indexed' };
const waits = { podReplacementPolicy: 'Failed' };
const complete = ['SuccessCriteriaMet', 'Complete'];
const any = { completions: undefined } as unknown as Spec;

function run(spec: Spec, pods: string, change: (job: Job) => void = () => {}): JobDriver {
  const job = aJob('work', { parallelism: 2, completions: 5, ...spec });
  if ('completions' in spec && spec.completions === undefined) delete job.spec.completions;
  change(job);
  return new JobDriver(job, podsOf(job, pods)).settle();
}

/** The outcome in the form of the table. */
function outcome({ job, created, deleted }: JobDriver, expected: Expected): Expected {
  const { status = {} } = job;
  const conditions = (status.conditions ?? []).filter((each) => each.status === 'True').map(({ type }) => type);
  const counts = ['active', 'ready', 'terminating', 'succeeded', 'failed'] as const;
  return {
    created: created.length,
    deleted: deleted.length,
    ...Object.fromEntries(counts.map((name) => [name, status[name] ?? 0])),
    conditions,
    ...(expected.indexes === undefined ? {} : { indexes: created.map((pod) => indexOf(pod)!) }),
    ...(expected.completedIndexes === undefined ? {} : { completedIndexes: status.completedIndexes ?? '' }),
    ...(expected.failedIndexes === undefined ? {} : { failedIndexes: status.failedIndexes ?? 'absent' }),
  };
}

const nothing = {
  created: 0,
  deleted: 0,
  active: 0,
  ready: 0,
  terminating: 0,
  succeeded: 0,
  failed: 0,
  conditions: [],
};

// Facts of Kubernetes' own tests of its job controller. The state is that after all plans, of which each is carried out at once.
describe('jobController', () => {
  it.each<[name: string, spec: Spec, pods: string, expected: Expected]>([
    ['starts', {}, '', { created: 2, active: 2 }],
    ['starts without completions', any, '', { created: 2, active: 2 }],
    ['leaves pending pods alone', {}, '2 pending', { active: 2 }],
    ['counts ready pods', { parallelism: 3 }, '2 ready, active', { active: 3, ready: 2 }],
    ['makes what is missing', {}, 'active, succeeded', { created: 1, active: 2, succeeded: 1 }],
    ['makes what is missing without completions', any, 'active', { created: 1, active: 2 }],
    [
      'counts no terminating pod that is to end first',
      { ...any, ...waits, parallelism: 1 },
      'active, failed, terminating',
      { active: 1, failed: 1, terminating: 1 },
    ],
    [
      'counts a terminating pod as failed where it is replaced at once',
      { parallelism: 1, completions: 1 },
      'active, failed, terminating',
      { active: 1, failed: 2, terminating: 1 },
    ],
    [
      'takes away what is too much while others end',
      { ...waits, parallelism: 1, completions: 1 },
      '2 active, 4 terminating',
      { active: 1, deleted: 1, terminating: 5 },
    ],
    ['deletes what is too much', {}, '10 active', { active: 2, deleted: 8, terminating: 8 }],
    [
      'deletes the pods that are not ready first',
      { parallelism: 1 },
      'ready, active',
      { active: 1, ready: 1, deleted: 1, terminating: 1 },
    ],
    [
      'needs no more pods than successes',
      { parallelism: 3, completions: 4 },
      '3 active, 2 succeeded',
      { active: 2, deleted: 1, terminating: 1, succeeded: 2 },
    ],
    ['counts both ends', {}, 'active, succeeded, failed', { created: 1, active: 2, succeeded: 1, failed: 1 }],
    ['is complete', {}, '5 succeeded', { succeeded: 5, conditions: complete }],
    ['waits for the others after a first success', any, 'active, succeeded', { active: 1, succeeded: 1 }],
    ['is complete after one success', any, 'succeeded, failed', { succeeded: 1, failed: 1, conditions: complete }],
    ['needs nothing', { completions: 0 }, '', { conditions: complete }],
    [
      'fails past its limit, and counts the pods that it ends',
      { backoffLimit: 0, completions: 3 },
      '2 ready, failed',
      { failed: 3, deleted: 2, terminating: 2, conditions: ['FailureTarget'] },
    ],
    ['makes pods of indexes', indexed, '', { created: 2, active: 2, indexes: [0, 1] }],
    [
      'replaces no index whose pod is to end first',
      { ...indexed, ...waits },
      'terminating@0',
      { created: 1, active: 1, terminating: 1, indexes: [1] },
    ],
    [
      'replaces an index at once',
      indexed,
      'terminating@0',
      { created: 2, active: 2, terminating: 1, failed: 1, indexes: [0, 1] },
    ],
    [
      'is complete with all indexes',
      { ...indexed, completions: 3 },
      'succeeded@0, failed@1, succeeded@1, succeeded@2',
      { succeeded: 3, failed: 1, completedIndexes: '0-2', conditions: complete },
    ],
    [
      'fails with some indexes',
      { ...indexed, completions: 3, backoffLimit: 0 },
      'succeeded@0, failed@1, active@2',
      { succeeded: 1, failed: 2, deleted: 1, terminating: 1, completedIndexes: '0', conditions: ['FailureTarget'] },
    ],
    [
      'counts an index once',
      { ...indexed, completions: 3 },
      'succeeded@0, 2 succeeded@1',
      { created: 1, active: 1, succeeded: 2, completedIndexes: '0,1', indexes: [2] },
    ],
    [
      'fills the gaps between indexes',
      { ...indexed, parallelism: 8, completions: 20 },
      'active@0, succeeded@2, pending@3, succeeded@4, succeeded@5, succeeded@7, succeeded@8, succeeded@9',
      { created: 6, active: 8, succeeded: 6, completedIndexes: '2,4,5,7-9', indexes: [1, 6, 10, 11, 12, 13] },
    ],
    [
      'makes pods of failed indexes again',
      { ...indexed, parallelism: 3, completions: 4 },
      'failed@0, pending@1, failed@2',
      { created: 2, active: 3, failed: 2, indexes: [0, 2] },
    ],
    [
      'has no place for pods without an index',
      indexed,
      'active, succeeded, failed, active@invalid, succeeded@invalid, failed@invalid, pending@invalid, succeeded@0, active@1, active@2',
      { deleted: 3, active: 2, terminating: 3, succeeded: 1, completedIndexes: '0' },
    ],
    [
      'keeps one pod of an index',
      { ...indexed, parallelism: 2 },
      'active@invalid, succeeded@0, active@1, active@2, pending@2',
      { deleted: 2, active: 2, terminating: 2, succeeded: 1, completedIndexes: '0' },
    ],
    [
      'has no place for indexes that there are not',
      indexed,
      'succeeded@0, active@5, succeeded@6, pending@7, failed@8',
      { created: 2, deleted: 2, active: 2, terminating: 2, succeeded: 1, completedIndexes: '0', indexes: [1, 2] },
    ],
    [
      'ends pods while it is suspended, and counts none',
      { suspend: true },
      '2 ready',
      { deleted: 2, terminating: 2, conditions: ['Suspended'] },
    ],
    [
      'holds a failed index to its limit',
      { ...indexed, backoffLimitPerIndex: 1, backoffLimit: 100 },
      'failed@0x1, active@1',
      { created: 1, active: 2, failed: 1, indexes: [2], failedIndexes: '0' },
    ],
    [
      'fails where no index is left',
      { ...indexed, completions: 2, backoffLimitPerIndex: 0, backoffLimit: 100 },
      'failed@0, succeeded@1',
      {
        failed: 1,
        succeeded: 1,
        completedIndexes: '1',
        failedIndexes: '0',
        conditions: ['FailureTarget', 'Failed'],
      },
    ],
    [
      'fails past the number of failed indexes',
      { ...indexed, completions: 4, backoffLimitPerIndex: 0, maxFailedIndexes: 1, backoffLimit: 100 },
      'failed@0, failed@1, active@2',
      { failed: 3, deleted: 1, terminating: 1, failedIndexes: '0,1', conditions: ['FailureTarget'] },
    ],
    [
      'succeeds by its policy, and counts no pod that it ends',
      { ...indexed, successPolicy: { rules: [{ succeededIndexes: '1-2', succeededCount: 1 }] } },
      'active@0, succeeded@1',
      {
        succeeded: 1,
        deleted: 1,
        terminating: 1,
        completedIndexes: '1',
        conditions: ['SuccessCriteriaMet'],
      },
    ],
  ])('%s', (_name, spec, pods, expected) => {
    expect(outcome(run(spec, pods), expected)).toEqual({ ...nothing, ...expected });
  });

  it('does nothing where everything is as it should be', () => {
    const driver = run({}, '2 active, succeeded, failed');
    expect(driver.once()).toBe(false);
    const written = driver.statuses.length;
    driver.clock.advance(3_600_000);
    expect(driver.once()).toBe(false);
    expect(driver.statuses).toHaveLength(written);
  });

  it('says the words of Kubernetes', () => {
    const { job, events, statuses } = run({ completions: 1 }, 'succeeded');
    const why = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods', status: 'True' };
    expect(job.status).toEqual({
      conditions: [
        expect.objectContaining({ type: 'SuccessCriteriaMet', ...why }),
        expect.objectContaining({ type: 'Complete', ...why }),
      ],
      startTime: '2026-01-01T00:00:00Z',
      completionTime: '2026-01-01T00:00:00Z',
      succeeded: 1,
      ready: 0,
      terminating: 0,
      uncountedTerminatedPods: {},
    });
    expect(events).toEqual(['Normal Completed Job completed']);
    // Uncounted, then counted and Complete.
    expect(statuses).toHaveLength(2);
    expect(statuses[0]!.uncountedTerminatedPods?.succeeded).toHaveLength(1);
  });

  it('fails only once its pods have ended', () => {
    const driver = run({ backoffLimit: 0 }, 'active, failed');
    const why = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
    expect(driver.job.status!.conditions).toMatchObject([{ type: 'FailureTarget', ...why }]);
    driver.report(driver.deleted[0]!, 'Failed');
    driver.settle();
    expect(driver.job.status).toMatchObject({
      failed: 2,
      conditions: [{ type: 'FailureTarget' }, { type: 'Failed', ...why }],
    });
    expect(driver.events).toEqual([`Warning ${why.reason} ${why.message}`]);
  });

  it('suspends and resumes, and starts anew', () => {
    const driver = run({}, '2 active', (job) => {
      job.status = { startTime: '2025-12-31T00:00:00Z' };
      job.spec.suspend = true;
    });
    expect(driver.job.status!.startTime).toBeUndefined();
    driver.job.spec.suspend = false;
    driver.settle();
    expect(driver.job.status).toMatchObject({
      startTime: '2026-01-01T00:00:00Z',
      active: 2,
      conditions: [{ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }],
    });
    expect(driver.events).toEqual(['Normal Suspended Job suspended', 'Normal Resumed Job resumed']);
  });

  it('lets go of the pods of a Job that is being deleted', () => {
    const driver = run({}, 'pending, active, succeeded', (job) => {
      job.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    });
    expect(driver.created).toEqual([]);
    expect(driver.pods.every(({ metadata }) => metadata.finalizers!.length === 0)).toBe(true);
    expect(driver.job.status).toMatchObject({ active: 2, succeeded: 1 });
  });

  it('leaves Jobs of other controllers alone', () => {
    expect(run({ managedBy: 'example.com/queue' }, 'succeeded').statuses).toEqual([]);
    expect(run({ managedBy: 'kubernetes.io/job-controller' }, '').created).toHaveLength(2);
  });

  it('ends what is active for too long', () => {
    const driver = run({ activeDeadlineSeconds: 60 }, '');
    expect(driver.requeueMs).toBe(60_000);
    driver.clock.advance(59_000);
    driver.settle();
    expect(driver.deleted).toEqual([]);
    driver.clock.advance(1_000);
    driver.settle();
    expect(driver.job.status!.conditions).toMatchObject([
      { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' },
    ]);
    expect(driver.deleted).toHaveLength(2);
  });

  it('is not kept from its deadline by a clock that steps back', () => {
    const driver = run({ activeDeadlineSeconds: 60 }, '');
    driver.settle();
    driver.clock.stepWall(-3_600_000);
    driver.clock.advance(60_000);
    driver.settle();
    expect(driver.job.status!.conditions).toMatchObject([{ reason: 'DeadlineExceeded' }]);
  });

  it('fails where containers restart too often in their pods', () => {
    const restarted = (backoffLimit: number, restartCount: number): string[] => {
      const job = aJob('work', { backoffLimit, parallelism: 1, completions: 1 });
      job.spec.template.spec.restartPolicy = 'OnFailure';
      const pods = podsOf(job, 'active');
      pods[0]!.status!.containerStatuses = [{ name: 'work', image: '', imageID: '', ready: false, restartCount }];
      return new JobDriver(job, pods).settle().job.status?.conditions?.map(({ reason }) => reason!) ?? [];
    };
    expect(restarted(0, 0)).toEqual([]);
    expect(restarted(0, 1)).toEqual(['BackoffLimitExceeded']);
    expect(restarted(3, 2)).toEqual([]);
    expect(restarted(3, 3)).toEqual(['BackoffLimitExceeded']);
  });

  it('counts at most 500 pods with one write', () => {
    const driver = run({ completions: 1_200, parallelism: 1_200 }, '1200 succeeded');
    const listed = driver.statuses.map((status) => status!.uncountedTerminatedPods?.succeeded?.length ?? 0);
    expect(Math.max(...listed)).toBe(500);
    expect(driver.job.status).toMatchObject({ succeeded: 1_200, uncountedTerminatedPods: {} });
  });

  it('adopts pods with the finalizer, and releases them without', () => {
    const job = aJob('work', { parallelism: 1 });
    const [orphan, stray] = podsOf(job, '2 active');
    orphan!.metadata.ownerReferences = [];
    orphan!.metadata.finalizers = ['example.com/own'];
    stray!.metadata.labels = { job: 'other' };
    const driver = new JobDriver(job, [orphan!, stray!]).settle();
    expect(orphan!.metadata.finalizers).toEqual(['example.com/own', 'batch.kubernetes.io/job-tracking']);
    expect(orphan!.metadata.ownerReferences).toMatchObject([{ uid: job.metadata.uid, controller: true }]);
    expect([stray!.metadata.ownerReferences, stray!.metadata.finalizers]).toEqual([[], []]);
    expect(driver.created).toEqual([]);
  });

  it('makes pods that know their index', () => {
    const { created } = run({ ...indexed, backoffLimitPerIndex: 3, backoffLimit: 100, parallelism: 1 }, 'failed@0x1');
    expect(created[0]).toMatchObject({
      metadata: {
        generateName: 'work-0-',
        labels: { job: 'work', 'batch.kubernetes.io/job-completion-index': '0' },
        annotations: {
          'batch.kubernetes.io/job-completion-index': '0',
          'batch.kubernetes.io/job-index-failure-count': '2',
        },
        finalizers: ['batch.kubernetes.io/job-tracking'],
        ownerReferences: [{ kind: 'Job', name: 'work', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        hostname: 'work-0',
        containers: [
          {
            env: [
              {
                name: 'JOB_COMPLETION_INDEX',
                valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
              },
            ],
          },
        ],
      },
    });
  });
});
