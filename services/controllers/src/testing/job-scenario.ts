import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAnnotation } from '@gantry/model/kinds/job/after.ts';
import { controllerOf } from '../core/owners.ts';
import { isActive } from '../core/pods.ts';
import { holds, isFinished } from '../job/conditions.ts';
import { parseIntervals, sizeOf } from '../job/intervals.ts';
import { isIndexed, isTracked } from '../job/pods.ts';
import { aNode } from './objects.ts';
import { nodes, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

const selector = { matchLabels: { job: 'work' } };

/** A Job as the api stores it. */
export function aJob(name = 'work', overrides: Partial<Job['spec']> = {}): Job {
  const labels = { job: name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default', uid: `${name}-uid`, resourceVersion: '1', generation: 1 },
    spec: {
      completions: 3,
      parallelism: 2,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
      manualSelector: true,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }] },
      },
      ...overrides,
    },
  };
}

function anyJob(simulation: Simulation): Job {
  const { random } = simulation;
  const job = aJob();
  const { spec } = job;
  const indexed = random.chance(0.5);
  spec.completions = random.int(1, 8);
  spec.parallelism = random.int(1, 5);
  spec.backoffLimit = random.pick([1, 6, 1_000])!;
  spec.completionMode = indexed ? 'Indexed' : 'NonIndexed';
  spec.podReplacementPolicy = random.pick(['Failed', 'TerminatingOrFailed'])!;
  if (!indexed && random.chance(0.2)) delete spec.completions;
  if (indexed && random.chance(0.5)) {
    Object.assign(spec, { backoffLimitPerIndex: random.int(0, 3), backoffLimit: 2 ** 31 - 1 });
  }
  if (indexed && random.chance(0.2)) spec.successPolicy = { rules: [{ succeededCount: 1 }] };
  if (random.chance(0.2)) spec.suspend = true;
  return job;
}

const jobOf = (simulation: Simulation, name = 'work'): Job | undefined => simulation.store.find('Job', 'default', name);

function edit(simulation: Simulation, change: (spec: Job['spec']) => void): void {
  const job = jobOf(simulation);
  if (job !== undefined) simulation.store.edit(job, ({ spec }) => change(spec), 'user');
}

/** A Job whose pods succeed, fail and are deleted, on nodes that go, while users suspend, scale and replace it. */
export const jobs: Scenario = {
  name: 'job-controller',
  // Longer than the longest back-off of a pod.
  quietSteps: 1_250,
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(anyJob(simulation));
    const next = aJob('next', { completions: 1, parallelism: 1 });
    next.metadata.annotations = { [afterAnnotation]: 'job/work=Finished' };
    simulation.create(next);
  },
  act: (simulation) => {
    const { random } = simulation;
    const job = jobOf(simulation);
    if (random.chance(0.02)) users.remove(simulation, random.pick(simulation.all('Pod')));
    if (random.chance(0.02)) {
      edit(simulation, (spec) => {
        spec.suspend = !spec.suspend;
      });
    }
    if (random.chance(0.02)) edit(simulation, (spec) => scale(spec, random.int(0, 6)));
    if (random.chance(0.005)) {
      users.remove(simulation, job, random.pick(['Background', 'Foreground', 'Orphan'] as const));
    }
    if (job === undefined && random.chance(0.1)) simulation.create(anyJob(simulation));
    // A node that is gone for good, with all that ran there, and one in its place.
    if (random.chance(0.005)) {
      users.remove(simulation, random.pick(simulation.all('Node')));
      simulation.create(aNode(`n-${random.int(0, 1_000_000)}`));
    }
    // An orphan that the Job finds.
    if (random.chance(0.005)) simulation.create(anOrphan(random.int(0, 1_000_000)));
  },
  check: (simulation) => [...checkJob(simulation), ...checkNext(simulation), ...checkPods(simulation)],
};

/** Elastic Jobs have as many indexes as pods that may run. */
function scale(spec: Job['spec'], count: number): void {
  if (spec.completionMode === 'Indexed' && spec.completions === spec.parallelism) spec.completions = count;
  spec.parallelism = count;
}

function anOrphan(number: number): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `orphan-${number}`, namespace: 'default', labels: selector.matchLabels },
    spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work:1' }] },
  };
}

/** Faults of a Job at rest: it is finished, or has nothing to do. */
function checkJob(simulation: Simulation): string[] {
  const job = jobOf(simulation);
  if (job === undefined) return [];
  const { spec, status = {} } = job;
  const pods = simulation.all('Pod').filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);
  const active = pods.filter(isActive).length;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const faults = [
    ...((status.active ?? 0) === active ? [] : [`the Job says that ${status.active} of ${active} pods are active`]),
    ...(succeeded.length + failed.length === 0 ? [] : ['pods are still to be counted']),
  ];
  if (isFinished(job)) return [...faults, ...(active === 0 ? [] : ['the Job is finished, and pods run'])];
  if (spec.suspend) {
    return [...faults, ...(active === 0 && holds(status.conditions, 'Suspended') ? [] : ['the Job is not suspended'])];
  }
  const isIdle = spec.parallelism === 0 || (isIndexed(job) && doneOf(job) < (spec.completions ?? 1) && active > 0);
  return isIdle ? faults : [...faults, `the Job is neither finished nor idle: ${JSON.stringify(status)}`];
}

function doneOf({ spec, status }: Job): number {
  return sizeOf(parseIntervals(status?.completedIndexes ?? '', spec.completions ?? 0));
}

/** The Job that comes after the other: it has run if the other is finished, and else it waits. */
function checkNext(simulation: Simulation): string[] {
  const [first, next] = [jobOf(simulation), jobOf(simulation, 'next')!];
  const hasRun = isFinished(next);
  if (first !== undefined && isFinished(first)) return hasRun ? [] : ['the next Job has not run'];
  if (hasRun || holds(next.status?.conditions, 'Waiting')) return [];
  return ['the next Job neither waits nor has run'];
}

/** No pod is held by a finalizer that nobody takes away. */
function checkPods(simulation: Simulation): string[] {
  return simulation.all('Pod').flatMap((pod) => {
    if (!isTracked(pod)) return [];
    const owner = controllerOf(pod);
    const job = owner === undefined ? undefined : simulation.store.byUid(owner.uid);
    // The last failed pod of an index stays until the next one is made.
    const isWanted = isActive(pod) || (job?.kind === 'Job' && job.spec.backoffLimitPerIndex !== undefined);
    const isHeld = job?.kind === 'Job' && !isFinished(job) && isWanted;
    return isHeld
      ? []
      : [`pod ${pod.metadata.name} is held by a finalizer: ${JSON.stringify(pod.metadata)} ${pod.status?.phase}`];
  });
}
