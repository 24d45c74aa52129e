import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { afterAnnotation } from '@gantry/model/kinds/job/after.ts';
import { describe, expect, it } from 'vitest';
import { fakeView } from '../testing/fake-view.ts';
import { aJob } from '../testing/job-scenario.ts';
import { aDeployment } from '../testing/objects.ts';
import { JobDriver } from './testing/driver.ts';

function aWaiting(after: string, name = 'work'): Job {
  const job = aJob(name);
  job.metadata.annotations = { [afterAnnotation]: after };
  return job;
}

function anOther(name: string, ...conditions: string[]): Job {
  return { ...aJob(name), status: { conditions: conditions.map((type) => ({ type, status: 'True' })) } };
}

function available(replicas: number): Deployment {
  const deployment = aDeployment({ replicas: 2 });
  deployment.metadata.generation = 2;
  const conditions = [{ type: 'Available', status: replicas > 0 ? 'True' : 'False' }];
  const counts = { replicas: 2, updatedReplicas: replicas, availableReplicas: replicas };
  deployment.status = { observedGeneration: 2, conditions, ...counts };
  return deployment;
}

describe('a Job after others', () => {
  it.each([
    ['job/a', [anOther('a', 'Complete')]],
    ['job/a=Failed', [anOther('a', 'FailureTarget', 'Failed')]],
    ['job/a=Finished', [anOther('a', 'Failed')]],
    ['deployment/web', [available(1)]],
    ['deployment/web=RolledOut', [available(2)]],
    ['job/a, job/b', [anOther('a', 'Complete'), anOther('b', 'Complete')]],
  ])('starts where %s is true', (after, others) => {
    const driver = new JobDriver(aWaiting(after));
    driver.others = others;
    driver.settle();
    expect(driver.created).toHaveLength(2);
    expect(driver.job.status!.conditions).toBeUndefined();
  });

  it.each([
    ['job/a', [], 'Pending', 'Job "a" to be Complete (it does not exist)'],
    ['job/a', [anOther('a')], 'Pending', 'Job "a" to be Complete'],
    ['job/a', [anOther('a', 'FailureTarget')], 'Pending', 'Job "a" to be Complete'],
    ['job/a', [anOther('a', 'Failed')], 'Impossible', 'Job "a" to be Complete (it is Failed)'],
    ['job/a=Failed', [anOther('a', 'Complete')], 'Impossible', 'Job "a" to be Failed (it is Complete)'],
    ['deployment/web', [available(0)], 'Pending', 'Deployment "web" to be Available'],
    ['deployment/web=RolledOut', [available(1)], 'Pending', 'Deployment "web" to be RolledOut'],
    [
      'job/a, job/b, deployment/web',
      [anOther('a', 'Complete'), anOther('b')],
      'Pending',
      'Job "b" to be Complete, for Deployment "web" to be Available (it does not exist)',
    ],
  ])('waits for %s', (after, others, reason, what) => {
    const driver = new JobDriver(aWaiting(after));
    driver.others = others;
    driver.settle();
    expect(driver.created).toEqual([]);
    expect(driver.job.status).toMatchObject({
      conditions: [
        { type: 'Waiting', status: 'True', reason: `Prerequisites${reason}`, message: `Job waits for ${what}` },
      ],
    });
    expect(driver.job.status!.startTime).toBeUndefined();
    const type = reason === 'Impossible' ? 'Warning' : 'Normal';
    expect(driver.events).toEqual([`${type} Prerequisites${reason} Job waits for ${what}`]);
  });

  it('is woken by what it waits for, and starts once', () => {
    const driver = new JobDriver(aWaiting('job/a, deployment/web'));
    driver.others = [anOther('a'), available(1)];
    driver.settle();
    const complete = anOther('a', 'Complete');
    const view = fakeView([]);
    expect(driver.controller.keysFor(complete, view)).toEqual(['default/a', 'default/work']);
    expect(driver.controller.keysFor(available(1), view)).toEqual(['default/work']);
    driver.others = [complete, available(1)];
    driver.settle();
    expect(driver.created).toHaveLength(2);
    expect(driver.job.status).toMatchObject({
      startTime: expect.anything(),
      conditions: [{ type: 'Waiting', status: 'False', reason: 'PrerequisitesMet' }],
    });
    expect(driver.controller.keysFor(complete, view)).toEqual(['default/a']);
    // The wait is over, whatever becomes of them.
    driver.others = [];
    driver.settle();
    expect(driver.job.status).toMatchObject({ active: 2, conditions: [{ status: 'False' }] });
  });

  it('is told where what it waits for waits for what cannot come true', () => {
    const hopeless = aWaiting('job/gone', 'a');
    const condition = { type: 'Waiting', status: 'True', reason: 'PrerequisitesImpossible' };
    hopeless.status = { conditions: [condition] };
    const driver = new JobDriver(aWaiting('job/a'));
    driver.others = [hopeless];
    driver.settle();
    expect(driver.job.status!.conditions).toMatchObject([
      { message: 'Job waits for Job "a" to be Complete (it waits for what cannot come true)' },
    ]);
  });

  it('is told of a circle that admission could not see', () => {
    const driver = new JobDriver(aWaiting('job/a'));
    driver.others = [aWaiting('job/work', 'a')];
    driver.settle();
    expect(driver.job.status!.conditions).toMatchObject([
      { reason: 'PrerequisitesImpossible', message: 'Job waits for itself: work → a → work' },
    ]);
  });

  it('waits for nothing while it is suspended', () => {
    const job = aWaiting('job/a');
    job.spec.suspend = true;
    const driver = new JobDriver(job).settle();
    expect(driver.job.status!.conditions).toMatchObject([{ type: 'Suspended' }]);
    driver.job.spec.suspend = false;
    driver.settle();
    expect(driver.created).toEqual([]);
    expect(driver.job.status).toMatchObject({
      conditions: [
        { type: 'Suspended', status: 'False' },
        { type: 'Waiting', status: 'True' },
      ],
    });
  });
});
