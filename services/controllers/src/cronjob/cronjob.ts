import { isDeepStrictEqual } from 'node:util';
import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { isManagedBy } from '../core/claims.ts';
import { ownerKey } from '../core/owners.ts';
import { excessJobs } from './jobs.ts';
import type { Notice } from './notice.ts';
import { type Start, startOf } from './start.ts';
import { type Observed, observe, statusOf } from './status.ts';

/** Milliseconds by which a time is overslept, so that clocks that are a little apart agree that it has come (Kubernetes' number). */
const latenessMs = 100;
/** Longest sleep in milliseconds: a step of the wall clock is noticed after this at most. */
const maxSleepMs = 30_000;

/**
 * Makes a job whenever a CronJob's time comes. The name of a job tells its time, so that no time gets two, whoever is stopped in between.
 *
 * @param localZone the zone of schedules that name none, such as UTC.
 */
export function cronJobController(localZone: string): Controller {
  /** Findings of the last look at each CronJob: one that lasts is told once. */
  const told = new Map<string, ReadonlySet<string>>();
  const news = (key: string, notices: readonly Notice[]): Notice[] => {
    const before = told.get(key);
    const idOf = ({ reason, id }: Notice): string => `${reason} ${id}`;
    told.set(key, new Set(notices.map(idOf)));
    return notices.filter((notice) => !before?.has(idOf(notice)));
  };
  return {
    name: 'cronjob-controller',
    watches: ['CronJob', 'Job'],

    keysFor: (object: AnyObject): readonly string[] =>
      object.kind === 'CronJob' ? [keyOf(object)] : ownerKey(object, 'CronJob'),

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name } = splitKey(key);
      const cronJob = view.get('CronJob', namespace, name);
      if (cronJob === undefined) {
        told.delete(key);
        return [];
      }
      // A job of the status that this view does not show may be newer than the view.
      if (!sees(view, 'Job', cronJob)) return [waitForView];
      const jobs = [...view.ownedBy('Job', cronJob.metadata.uid!)].filter((job) => isManagedBy(job, cronJob));
      const observed = observe(cronJob, jobs);
      const start = startOf(cronJob, observed, view, nowMs, localZone);
      const notices = news(key, [...observed.notices, ...start.notices]);
      return [
        ...notices.map((notice) => eventOf(cronJob, notice)),
        // First: no job is deleted of which the status does not know yet.
        ...statusActions(cronJob, observed, start),
        ...[...excessJobs(cronJob, jobs), ...start.replaced].map((job) => deletionOf(cronJob, job)),
        ...(start.job === undefined ? [] : [creationOf(cronJob, start.job)]),
        ...(start.wakeAtMs === undefined ? [] : [sleepUntil(start.wakeAtMs, nowMs)]),
      ];
    },
  };
}

function statusActions(cronJob: CronJob, observed: Observed, { replaced }: Start): Action[] {
  const status = statusOf(
    observed,
    observed.active.filter((job) => !replaced.includes(job)),
  );
  return isDeepStrictEqual(status, { ...cronJob.status })
    ? []
    : [{ type: 'updateStatus', object: { ...cronJob, status } }];
}

function creationOf(tell: CronJob, object: Job): Action {
  const told = { done: `Created job ${object.metadata.name}`, failed: 'Error creating job' };
  return { type: 'create', object, tell, told };
}

function deletionOf(tell: CronJob, object: Job): Action {
  const told = { done: `Deleted job ${object.metadata.name}`, failed: 'Deleted job' };
  return { type: 'delete', object, propagationPolicy: 'Background', tell, told };
}

function sleepUntil(atMs: number, nowMs: number): Action {
  return { type: 'requeue', afterMs: Math.max(1, Math.min(maxSleepMs, atMs + latenessMs - nowMs)) };
}

function eventOf(about: CronJob, { eventType, reason, message }: Notice): Action {
  return { type: 'event', about, eventType, reason, message };
}
