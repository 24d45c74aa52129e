import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { type Action, type AnyObject, type Controller, keyOf, splitKey, type View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { timeOf } from '../cronjob/jobs.ts';

/** Longest sleep in milliseconds: a step of the wall clock is noticed after this at most. */
const maxSleepMs = 30_000;

/** Deletes jobs, and what they made, so many seconds after they finished. */
export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished-controller',
  watches: ['Job', 'CronJob'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'Job') return isEphemeral(object) ? [keyOf(object)] : [];
    const jobs = [...view.ownedBy('Job', object.metadata.uid!)];
    return jobs.filter(isEphemeral).map(keyOf);
  },

  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const job = view.get('Job', namespace, name);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined || !isEphemeral(job)) return [];
    const leftMs = finishedMs(job) + job.spec.ttlSecondsAfterFinished! * 1000 - nowMs;
    if (leftMs > 0) return [{ type: 'requeue', afterMs: Math.min(leftMs, maxSleepMs) }];
    // The job is the only proof that its time was used, until the status of its CronJob says so.
    if (!isNoted(job, view)) return [];
    // The time to live may have been changed since.
    return [{ type: 'delete', object: job, propagationPolicy: 'Foreground', ifUnchanged: true }];
  },
};

/** True for a job that finished and is to be deleted some time after. */
function isEphemeral(job: Job): boolean {
  return job.spec.ttlSecondsAfterFinished !== undefined && Number.isFinite(finishedMs(job));
}

/** When the job finished; NaN where it did not. */
function finishedMs({ status }: Job): number {
  const end = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
  return Date.parse(end?.lastTransitionTime ?? '');
}

/** True where no CronJob made the job for a time, or its status knows of that time. */
function isNoted(job: Job, view: View): boolean {
  const owner = controllerOf(job);
  if (owner?.kind !== 'CronJob') return true;
  const cronJob = view.get('CronJob', job.metadata.namespace, owner.name);
  if (cronJob?.metadata.uid !== owner.uid) return true;
  const atMs = timeOf(cronJob, job);
  return atMs === undefined || atMs <= Date.parse(cronJob.status?.lastScheduleTime ?? '1970-01-01T00:00:00Z');
}
