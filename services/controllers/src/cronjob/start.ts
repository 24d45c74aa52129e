import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { parseSchedule } from '@gantry/model/kinds/cronjob/cron.ts';
import type { View } from '../core/action.ts';
import { dueTime } from './due.ts';
import { jobFor, jobName } from './jobs.ts';
import { nextTime } from './next.ts';
import type { Notice } from './notice.ts';
import type { Observed } from './status.ts';

/** The decision on a CronJob's time. */
export interface Start {
  readonly job?: Job;
  /** Active jobs that give way to it. */
  readonly replaced: readonly Job[];
  readonly notices: readonly Notice[];
  /** When the next time comes; undefined where none does until the CronJob changes. */
  readonly wakeAtMs?: number | undefined;
}

const nothing: Start = { replaced: [], notices: [] };

/** Decides whether a job is to be started now, and when to look again. @param localZone The zone of schedules that name none. */
export function startOf(
  cronJob: CronJob,
  { active, lastTimeMs }: Observed,
  view: View,
  nowMs: number,
  localZone: string,
): Start {
  const { metadata, spec } = cronJob;
  if (metadata.deletionTimestamp !== undefined || spec.suspend) return nothing;
  const schedule = parseSchedule(spec.schedule);
  const next = (afterMs: number): number | undefined => nextTime(schedule, afterMs, spec.timeZone ?? localZone);
  const sinceMs = lastTimeMs ?? Date.parse(metadata.creationTimestamp ?? '');
  const deadlineMs = (spec.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const due = dueTime(Math.max(sinceMs, nowMs - deadlineMs), nowMs, next);
  if (due.type === 'never') return { ...nothing, notices: [invalid(spec.schedule)] };
  const wakeAtMs = nextAfter(sinceMs, nowMs, next);
  if (due.type === 'none') return { ...nothing, wakeAtMs };
  const { atMs } = due;
  const notices = due.missedMany ? [tooMany(atMs)] : [];
  // Also where somebody else took the name.
  if (view.get('Job', metadata.namespace, jobName(cronJob, atMs)) !== undefined) return { ...nothing, wakeAtMs };
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
    return { ...nothing, notices: [...notices, alreadyActive(atMs)], wakeAtMs };
  }
  const replaced = spec.concurrencyPolicy === 'Replace' ? active : [];
  return { job: jobFor(cronJob, atMs), replaced, notices, wakeAtMs };
}

/** The first time after now, whatever was started. Steps such as `@every 5m` count from the last time. */
function nextAfter(sinceMs: number, nowMs: number, next: (afterMs: number) => number | undefined): number | undefined {
  const due = dueTime(sinceMs, nowMs, next);
  const atMs = next(due.type === 'due' ? due.atMs : sinceMs);
  return atMs !== undefined && atMs <= nowMs ? next(nowMs) : atMs;
}

function invalid(schedule: string): Notice {
  const message = `invalid schedule: ${schedule} : time difference between two schedules is less than 1 second`;
  return { eventType: 'Warning', reason: 'InvalidSchedule', message, id: schedule };
}

function tooMany(atMs: number): Notice {
  const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
  return { eventType: 'Warning', reason: 'TooManyMissedTimes', message, id: String(atMs) };
}

function alreadyActive(atMs: number): Notice {
  const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
  return { eventType: 'Normal', reason: 'JobAlreadyActive', message, id: String(atMs) };
}
