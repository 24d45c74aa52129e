import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Form, startTestCluster, type TestCluster } from '../e2e/harness.ts';
import { isReady, podsOf } from '../e2e/hello.ts';
import { eventually } from '../e2e/wait.ts';
import { Writers } from './acknowledged.ts';

// Parts killed with SIGKILL while objects are written and a rollout runs: nothing that the api acknowledged is lost, and the
// rollout finishes. GANTRY_CHAOS_ROUNDS sets the rounds a form.

const rounds = Number(process.env.GANTRY_CHAOS_ROUNDS ?? 2);
const writerCount = 16;
/** Longest of one round, in milliseconds. */
const roundTimeoutMs = 120_000;

/** Parts that are killed in turn. */
const victims: Readonly<Record<Form, readonly string[]>> = {
  up: ['gantry'],
  distributed: ['redis-server', 'api', 'controllers', 'nats-server', 'scheduler', 'node-1', 'gantry'],
};

describe.each(['up', 'distributed'] as const)('gantry %s under kills', (form) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startTestCluster(form);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  test.each(Array.from({ length: rounds }, (_, round) => round))(
    'round %i loses nothing that was acknowledged',
    async (round) => {
      const part = victims[form][round % victims[form].length]!;
      const version = `round-${round}`;
      await using writers = new Writers(cluster.client, version, writerCount);
      await cluster.client.apply(JSON.stringify(rolling(version)), { defaultNamespace: 'default' });
      // A different moment of the rollout each round.
      await delay(500 + ((round * 700) % 2_500));
      await cluster.crash(part);
      const acknowledgedBefore = writers.acknowledged;
      await eventually('writes go on', () => writers.acknowledged > acknowledgedBefore + writerCount);
      expect(writers.acknowledged).toBeGreaterThan(writerCount);
      expect(await writers.losses()).toEqual([]);
      await eventually(`the rollout after the end of ${part}`, async () => {
        const pods = await podsOf(cluster, 'rolling');
        return pods.length === 3 && pods.every((pod) => isReady(pod) && pod.metadata.annotations?.version === version);
      });
    },
    roundTimeoutMs,
  );
});

/** A deployment of three pods whose template names a version. */
function rolling(version: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'rolling' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'rolling' } },
      template: {
        metadata: { labels: { app: 'rolling' }, annotations: { version } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image: 'gantry.dev/hello:1', command: ['sleep', '1000'] }],
        },
      },
    },
  };
}
