import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { describe, expect, it } from 'vitest';
import type { AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aJob } from '../testing/job-scenario.ts';
import { podsOf } from './testing/driver.ts';
import { jobTrackingController } from './tracking.ts';

const job = aJob();
const [pod] = podsOf(job, 'succeeded');
const key = `default/${pod!.metadata.name}`;

function actionsFor(objects: readonly AnyObject[], revision?: number): readonly { readonly type: string }[] {
  return jobTrackingController.reconcile(key, fakeView(objects, revision), 0);
}

function finished(type: string, overrides: Partial<Job['spec']> = {}): Job {
  return { ...job, spec: { ...job.spec, ...overrides }, status: { conditions: [{ type, status: 'True' }] } };
}

describe('jobTrackingController', () => {
  it('leaves pods alone that a Job counts', () => {
    expect(actionsFor([pod!, job])).toEqual([]);
  });

  it.each(['Complete', 'Failed'])('lets go of the pods of a Job that is %s', (type) => {
    expect(actionsFor([pod!, finished(type)])).toMatchObject([{ type: 'removeFinalizer', requires: [] }]);
  });

  it('lets go of the pods of a Job that is gone, if the api says so', () => {
    const absent = { type: 'absent', ref: { kind: 'Job', name: 'work', uid: job.metadata.uid } };
    expect(actionsFor([pod!])).toMatchObject([{ type: 'removeFinalizer', requires: [absent] }]);
    const other = { ...job, metadata: { ...job.metadata, uid: 'other' } };
    expect(actionsFor([pod!, other])).toMatchObject([{ type: 'removeFinalizer', requires: [absent] }]);
  });

  it('waits for a view of Jobs that is as new as the pod', () => {
    expect(actionsFor([pod!], 0)).toMatchObject([{ type: 'requeue' }]);
  });

  it('lets go of orphans, and of no pod that another controller manages', () => {
    const orphan = { ...pod!, metadata: { ...pod!.metadata, ownerReferences: [] } };
    expect(actionsFor([orphan])).toMatchObject([{ type: 'removeFinalizer' }]);
    const [owner] = pod!.metadata.ownerReferences!;
    const foreign = { ...pod!, metadata: { ...pod!.metadata, ownerReferences: [{ ...owner!, kind: 'CronJob' }] } };
    expect(actionsFor([foreign])).toEqual([]);
  });

  it('leaves those to another controller that its Jobs are', () => {
    expect(actionsFor([pod!, finished('Complete', { managedBy: 'example.com/queue' })])).toEqual([]);
  });

  it('hears of pods and of Jobs that end', () => {
    expect(jobTrackingController.keysFor(pod!, fakeView([job, pod!]))).toEqual([]);
    expect(jobTrackingController.keysFor(pod!, fakeView([pod!]))).toEqual([key]);
    expect(jobTrackingController.keysFor(job, fakeView([pod!]))).toEqual([key]);
    expect(jobTrackingController.keysFor(finished('Failed'), fakeView([finished('Failed'), pod!]))).toEqual([key]);
  });
});
