import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { controllerReference } from '../core/owners.ts';
import { inZone } from './zone.ts';

/** Annotation of a job with the time that it was made for (Kubernetes' own). */
const timeAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The name of the job for a time. There is one for each minute, so that no time gets two jobs whoever makes them. */
export function jobName({ metadata }: CronJob, atMs: number): string {
  return `${metadata.name}-${Math.floor(atMs / 60_000)}`;
}

/** The job for a time. */
export function jobFor(cronJob: CronJob, atMs: number): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(cronJob, atMs),
      namespace: cronJob.metadata.namespace!,
      labels: { ...metadata?.labels },
      // A CronJob without a zone of its own says UTC here, whatever the controller's is.
      annotations: { ...metadata?.annotations, [timeAnnotation]: inZone(cronJob.spec.timeZone ?? 'UTC', atMs) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: structuredClone(spec),
  };
}

/** The time that a job of the CronJob was made for; undefined for one that users made. */
export function timeOf(cronJob: CronJob, { metadata }: Job): number | undefined {
  const atMs = Date.parse(metadata.annotations?.[timeAnnotation] ?? '');
  return metadata.name === jobName(cronJob, atMs) ? atMs : undefined;
}

/** The end of a job: the condition that says it; undefined for one that goes on. */
export function endOf({ status }: Job): 'Complete' | 'Failed' | undefined {
  const end = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  );
  return end?.type as 'Complete' | 'Failed' | undefined;
}

/** The finished jobs beyond the limits of the history, the oldest of those that succeeded and of those that failed. */
export function excessJobs({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const limits = { Complete: spec.successfulJobsHistoryLimit, Failed: spec.failedJobsHistoryLimit } as const;
  return (['Complete', 'Failed'] as const).flatMap((end) => {
    const ended = jobs.filter((job) => endOf(job) === end).sort(byStart);
    const excess = ended.slice(0, Math.max(0, ended.length - (limits[end] ?? ended.length)));
    return excess.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
}

/** Jobs that started earlier first, those that never did last, then by name. */
function byStart(a: Job, b: Job): number {
  const [startA, startB] = [a, b].map(({ status }) => Date.parse(status?.startTime ?? '9999-01-01T00:00:00Z'));
  return startA! - startB! || (a.metadata.name < b.metadata.name ? -1 : 1);
}
