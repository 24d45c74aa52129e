import type { CronJob, Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { parseSchedule } from '@gantry/model/kinds/cronjob/cron.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { controllerOf, controllerReference } from '../core/owners.ts';
import { dueTime } from '../cronjob/due.ts';
import { endOf, excessJobs, jobName, timeOf } from '../cronjob/jobs.ts';
import { nextTime } from '../cronjob/next.ts';
import { meta } from './objects.ts';
import type { Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';
import { Violation } from './violation.ts';

const controller = 'cronjob-controller';
const name = 'tick';
const schedule = parseSchedule('*/5 * * * *');
/** Facts about a run. */
interface Run {
  /** The latest that the wall clock has shown. */
  latestMs: number;
  /** Chance of a step that a job finishes. */
  readonly finishChance: number;
}
const runs = new WeakMap<Simulation, Run>();

export const cronJobs: Scenario = {
  name: controller,
  setUp: (simulation) => {
    runs.set(simulation, { latestMs: 0, finishChance: simulation.random.pick([0.03, 0.5])! });
    simulation.create(aCronJob(simulation));
    watch(simulation);
  },
  act: (simulation) => {
    const { random, clock, store } = simulation;
    noteTime(simulation);
    // Times are minutes apart, and steps parts of a second.
    if (random.chance(0.1)) clock.advance(random.int(30, 400) * 1000);
    const [cronJob] = simulation.all('CronJob');
    for (const job of simulation.all('Job')) {
      if (endOf(job) === undefined && random.chance(runs.get(simulation)!.finishChance)) finish(simulation, job);
      else if (random.chance(0.003) && isNoted(cronJob, job)) users.remove(simulation, job, 'Background');
    }
    if (random.chance(0.01)) byHand(simulation, cronJob);
    if (random.chance(0.005)) users.remove(simulation, cronJob, random.pick(['Background', 'Orphan'] as const)!);
    if (cronJob === undefined) {
      if (random.chance(0.2)) simulation.create(aCronJob(simulation));
    } else if (random.chance(0.01)) {
      store.edit(cronJob, (draft) => Object.assign(draft.spec, { suspend: random.chance(0.3) }), 'user');
    }
  },
  check,
};

function aCronJob({ random }: Simulation): CronJob {
  const ttl = random.pick([{}, { ttlSecondsAfterFinished: 0 }, { ttlSecondsAfterFinished: 90 }])!;
  const template = { metadata: { name: '' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: meta(name),
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Europe/Berlin',
      concurrencyPolicy: random.pick(['Allow', 'Forbid', 'Replace'])!,
      successfulJobsHistoryLimit: random.int(0, 3),
      failedJobsHistoryLimit: random.int(0, 2),
      ...(random.chance(0.3) ? { startingDeadlineSeconds: random.int(30, 600) } : {}),
      // Somebody else runs its jobs: here, the users.
      jobTemplate: { metadata: { name: '' }, spec: { managedBy: 'example.com/users', template, ...ttl } },
    },
  };
}

function finish({ store, random, clock }: Simulation, job: Job): void {
  const lastTransitionTime = rfc3339(clock.now());
  const type = random.pick(['Complete', 'Complete', 'Failed'])!;
  const edit = (draft: Job): void => {
    draft.status = {
      startTime: draft.metadata.creationTimestamp!,
      conditions: [{ type, status: 'True', lastTransitionTime }],
      ...(type === 'Complete' ? { completionTime: lastTransitionTime } : {}),
    };
  };
  store.editStatus(job, edit, 'user');
}

/** A job that users make of the CronJob themselves, as `kubectl create job --from` does. */
function byHand(simulation: Simulation, cronJob: CronJob | undefined): void {
  if (cronJob === undefined) return;
  const metadata = {
    ...meta(`by-hand-${simulation.store.revision}`),
    annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
    ownerReferences: [controllerReference(cronJob)],
  };
  simulation.create({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: cronJob.spec.jobTemplate.spec } as Job);
}

/** True for a job whose time the status knows: its end loses nothing. */
function isNoted(cronJob: CronJob | undefined, job: Job): boolean {
  const atMs = cronJob === undefined ? undefined : timeOf(cronJob, job);
  return atMs === undefined || atMs <= (Date.parse(cronJob?.status?.lastScheduleTime ?? '') || 0);
}

/** No time gets two jobs, no job runs beside one that it must not run beside, and no time is forgotten once it was noted. */
function watch(simulation: Simulation): void {
  const { store } = simulation;
  const made = new Set<string>();
  store.onChange(({ object, old, type, by }) => {
    const latestMs = noteTime(simulation);
    if (object.kind === 'CronJob' && old?.kind === 'CronJob' && type === 'put') notedForGood(object, old);
    if (object.kind !== 'Job' || old !== undefined || by !== controller) return;
    const { uid } = controllerOf(object)!;
    const cronJob = store.all('CronJob').find(({ metadata }) => metadata.uid === uid);
    // It was deleted while the job was on its way; the job goes with it.
    if (cronJob === undefined) return;
    const atMs = timeOf(cronJob, object)!;
    const id = `${uid} ${atMs}`;
    if (made.has(id)) throw new Violation(`a second job for ${rfc3339(atMs)}`);
    made.add(id);
    if (atMs > latestMs) throw new Violation(`a job for ${rfc3339(atMs)}, which has not come`);
    const others = store
      .all('Job')
      .filter((job) => controllerOf(job)?.uid === uid && job !== object && endOf(job) === undefined)
      .filter((job) => timeOf(cronJob, job) !== undefined);
    if (cronJob.spec.concurrencyPolicy !== 'Allow' && others.length > 0) {
      throw new Violation(
        `${object.metadata.name} runs beside ${others[0]!.metadata.name} (${cronJob.spec.concurrencyPolicy})`,
      );
    }
  });
}

function noteTime(simulation: Simulation): number {
  const run = runs.get(simulation)!;
  run.latestMs = Math.max(run.latestMs, simulation.clock.now());
  return run.latestMs;
}

function notedForGood({ status }: CronJob, { status: before }: CronJob): void {
  const [now, then] = [status, before].map((each) => Date.parse(each?.lastScheduleTime ?? '') || 0);
  if (now! < then!) throw new Violation(`the last time went back to ${status?.lastScheduleTime}`);
}

function check(simulation: Simulation): string[] {
  const [cronJob] = simulation.all('CronJob');
  if (cronJob === undefined) return [];
  const { status = {}, metadata } = cronJob;
  const nowMs = simulation.clock.now();
  const jobs = simulation.all('Job').filter((job) => controllerOf(job)?.uid === metadata.uid);
  const running = jobs.filter((job) => endOf(job) === undefined && timeOf(cronJob, job) !== undefined);
  const listed = (status.active ?? []).map(({ uid }) => uid).sort();
  const expected = running.map((job) => job.metadata.uid).sort();
  const overdue = jobs.filter(({ status: ended, spec: { ttlSecondsAfterFinished: ttl } }) => {
    const doneMs = Date.parse(ended?.conditions?.[0]?.lastTransitionTime ?? '');
    return ttl !== undefined && doneMs + ttl * 1000 < nowMs;
  });
  return [
    ...(listed.join() === expected.join() ? [] : [`${expected.length} jobs run, and ${listed.length} are listed`]),
    ...excessJobs(cronJob, jobs).map((job) => `${job.metadata.name} is beyond the limits`),
    ...overdue.map((job) => `${job.metadata.name} outlives its time to live`),
    ...(isStarted(simulation, cronJob, running)
      ? []
      : [`${rfc3339(nowMs)}: the last time is ${status.lastScheduleTime}`]),
  ];
}

/** True where the time that came last was started, unless it must not be, or a job of a former CronJob has its name. */
function isStarted({ store, clock }: Simulation, cronJob: CronJob, running: readonly Job[]): boolean {
  const { spec, status, metadata } = cronJob;
  // The controller oversleeps a time a little.
  const nowMs = clock.now() - 1_000;
  if (spec.suspend || (spec.concurrencyPolicy === 'Forbid' && running.length > 0)) return true;
  const sinceMs = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp!);
  const deadlineMs = (spec.startingDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  const due = dueTime(Math.max(sinceMs, nowMs - deadlineMs), nowMs, (ms) => nextTime(schedule, ms, 'Europe/Berlin'));
  if (due.type !== 'due') return due.type === 'none';
  return store.find('Job', metadata.namespace, jobName(cronJob, due.atMs)) !== undefined;
}
