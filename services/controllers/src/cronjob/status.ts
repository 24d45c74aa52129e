import type { CronJob, CronJobStatus, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { ObjectReference } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { endOf, timeOf } from './jobs.ts';
import type { Notice } from './notice.ts';

/** The state of a CronJob by its jobs, and what users are told of them. */
export interface Observed {
  /** Jobs of the list that go on, in the order in which they were made. */
  readonly active: readonly Job[];
  /** References in the status to jobs that are active, but for new ones. */
  readonly references: readonly ObjectReference[];
  /** The latest time that a job was made for, whoever noted it; undefined where there was none. */
  readonly lastTimeMs: number | undefined;
  /** When a job last succeeded. */
  readonly lastSuccess: string | undefined;
  readonly notices: readonly Notice[];
}

/**
 * Looks at a CronJob's jobs. A job that was made for a time counts although the status does not know of it: whoever made it was stopped before
 * the status was written.
 */
export function observe(cronJob: CronJob, jobs: readonly Job[]): Observed {
  const { active: listed = [], lastScheduleTime, lastSuccessfulTime } = cronJob.status ?? {};
  const byUid = new Map(jobs.map((job) => [job.metadata.uid!, job]));
  const known = new Set(listed.map(({ uid }) => uid));
  const notices: Notice[] = [];
  const references = listed.filter(({ uid = '', name }) => {
    const job = byUid.get(uid);
    const end = job && endOf(job);
    if (job === undefined) notices.push(normal('MissingJob', `Active job went missing: ${name}`, uid));
    if (end) notices.push(normal('SawCompletedJob', `Saw completed job: ${name}, condition: ${end}`, uid));
    return job !== undefined && end === undefined;
  });
  const unlisted = jobs.filter((job) => !known.has(job.metadata.uid!) && endOf(job) === undefined);
  const made = unlisted.filter(
    (job) => timeOf(cronJob, job) !== undefined && job.metadata.deletionTimestamp === undefined,
  );
  const times = jobs.flatMap((job) => timeOf(cronJob, job) ?? []);
  const lastMs = Math.max(Date.parse(lastScheduleTime ?? '') || -1, ...times);
  const successes = jobs.flatMap((job) => (endOf(job) === 'Complete' ? (job.status?.completionTime ?? []) : []));
  return {
    active: [
      ...references.map(({ uid }) => byUid.get(uid!)!),
      ...made.sort((a, b) => timeOf(cronJob, a)! - timeOf(cronJob, b)!),
    ],
    references,
    lastTimeMs: lastMs < 0 ? undefined : lastMs,
    lastSuccess: latest([...(lastSuccessfulTime === undefined ? [] : [lastSuccessfulTime]), ...successes]),
    notices: [...notices, ...unlisted.filter((job) => timeOf(cronJob, job) === undefined).map(stranger)],
  };
}

/** The status that says so, with these jobs as the active ones. */
export function statusOf(observed: Observed, active: readonly Job[]): CronJobStatus {
  const listed = new Map(observed.references.map((reference) => [reference.uid, reference]));
  const { lastTimeMs, lastSuccess } = observed;
  return {
    ...(active.length === 0 ? {} : { active: active.map((job) => listed.get(job.metadata.uid) ?? referenceTo(job)) }),
    ...(lastTimeMs === undefined ? {} : { lastScheduleTime: rfc3339(lastTimeMs) }),
    ...(lastSuccess === undefined ? {} : { lastSuccessfulTime: lastSuccess }),
  };
}

function referenceTo({ apiVersion, kind, metadata }: Job): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, namespace: namespace!, name, uid: uid!, apiVersion, resourceVersion: resourceVersion! };
}

function normal(reason: string, message: string, id: string): Notice {
  return { eventType: 'Normal', reason, message, id };
}

/** A job that goes on and that nobody made for a time. */
function stranger({ metadata: { name, uid } }: Job): Notice {
  const message = `Saw a job that the controller did not create or forgot: ${name}`;
  return { eventType: 'Warning', reason: 'UnexpectedJob', message, id: uid! };
}

function latest(times: readonly string[]): string | undefined {
  return [...times].sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}
