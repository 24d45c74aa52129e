import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Form, startTestCluster, type TestCluster } from '../e2e/harness.ts';
import { isReady, podsOf } from '../e2e/hello.ts';
import { eventually } from '../e2e/wait.ts';
import { JobPods } from './job-pods.ts';

// The controllers are killed with SIGKILL at another moment each round, while a Deployment grows or shrinks, a StatefulSet and a
// DaemonSet roll and an indexed Job runs: all of them come to their end, and each index of the Job is done exactly once.
// GANTRY_CHAOS_ROUNDS sets the rounds a form.

const rounds = Number(process.env.GANTRY_CHAOS_ROUNDS ?? 2);
const completions = 6;
/** Longest of one round, in milliseconds. */
const roundTimeoutMs = 150_000;
/** Moments of a round at which the kill comes, in milliseconds after its start. */
const earliestKillMs = 100;
const latestKillMs = 4_000;

/** Process in which the controllers run. */
const victim: Readonly<Record<Form, string>> = { up: 'gantry', distributed: 'controllers' };

describe.each(['up', 'distributed'] as const)('workloads of gantry %s under kills', (form) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startTestCluster(form);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test.each(Array.from({ length: rounds }, (_, round) => round))(
    'round %i finishes everything, once',
    async (round) => {
      const version = `round-${round}`;
      const replicas = round % 2 === 0 ? 5 : 2;
      await using jobPods = await JobPods.follow(cluster.client, version);
      for (const object of [deployment(replicas), statefulSet(version), daemonSet(version), job(version)]) {
        await cluster.client.apply(JSON.stringify(object), { defaultNamespace: 'default' });
      }
      // Rounds take moments apart from one another: the golden ratio spreads any number of them evenly.
      await delay(earliestKillMs + ((round * 0.618) % 1) * (latestKillMs - earliestKillMs));
      await cluster.crash(victim[form]);
      await untilReadyAt(cluster, 'scaled', replicas, undefined);
      await untilReadyAt(cluster, 'ordered', 3, version);
      await untilReadyAt(cluster, 'everywhere', 2, version);
      const { status } = await eventually('the job is complete', async () => {
        const found = await cluster.client.get('Job', { namespace: 'default', name: version });
        return isComplete(found) && found;
      });
      expect(status).toMatchObject({ succeeded: completions, completedIndexes: `0-${completions - 1}` });
      expect([status?.failed ?? 0, status?.active ?? 0, status?.uncountedTerminatedPods ?? {}]).toEqual([0, 0, {}]);
      expect(jobPods.doubled).toEqual([]);
      expect(jobPods.succeeded()).toEqual(Array.from({ length: completions }, () => 1));
      await cluster.client.delete('Job', { namespace: 'default', name: version }, { propagationPolicy: 'Background' });
    },
    roundTimeoutMs,
  );
});

function isComplete({ status }: Job): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Complete' && value === 'True') ?? false;
}

/** Waits until exactly so many pods are ready and, where a version is named, all of them are of it. */
function untilReadyAt(cluster: TestCluster, app: string, count: number, version: string | undefined): Promise<unknown> {
  const isDone = (pod: Pod): boolean =>
    isReady(pod) && (version === undefined || pod.metadata.annotations?.version === version);
  return eventually(`${count} pods of ${app} are ready`, async () => {
    const pods = await podsOf(cluster, app);
    if (pods.length === count && pods.every(isDone)) return true;
    throw new Error(pods.map(({ metadata }) => `${metadata.name} ${metadata.annotations?.version}`).join(', '));
  });
}

function template(app: string, version: string, command: readonly string[], restartPolicy = 'Always'): object {
  return {
    metadata: { labels: { app }, annotations: { version } },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'gantry.dev/hello:1', command: [...command] }],
    },
  };
}

const forever = ['sleep', '1000'];

function deployment(replicas: number): object {
  const selector = { matchLabels: { app: 'scaled' } };
  const spec = { replicas, selector, template: template('scaled', 'only', forever) };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'scaled' }, spec };
}

function statefulSet(version: string): object {
  const selector = { matchLabels: { app: 'ordered' } };
  const spec = { replicas: 3, serviceName: 'ordered', selector, template: template('ordered', version, forever) };
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'ordered' }, spec };
}

function daemonSet(version: string): object {
  const selector = { matchLabels: { app: 'everywhere' } };
  const spec = { selector, template: template('everywhere', version, forever) };
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'everywhere' }, spec };
}

function job(name: string): object {
  const spec = {
    completions,
    parallelism: 2,
    completionMode: 'Indexed',
    template: template(name, name, ['sleep', '0.3'], 'Never'),
  };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec };
}
