import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RolloutStatus } from '@gantry/model/gen/gantry.rollout.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Rollouts of every kind of workload on a cluster with everything but containers; Prometheus says what the test says.

let owned: AsyncDisposableStack;
let running: TestApi;
/** Value of every query. */
let measured = '1';
const namespace = 'default';
const soon = { timeout: 30_000, interval: 50 };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  measured = '1';
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-rollouts-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  const prometheus = await servePrometheus();
  owned.defer(() => void prometheus.close());
  running = owned.use(await startTestApi());
  const deps = { client: running.client, clock: systemClock, log: silentLogger };
  const address = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test', prometheus: address }, deps));
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const size = { count: 3, cpuCount: 4, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 10_000 };
  owned.use(await startHollowNodes({ ...size, namePrefix: 'n', rootDir, startMs: 20, nodeTimes }, deps));
});

afterEach(() => owned.disposeAsync());

async function servePrometheus(): Promise<Server> {
  const server = createServer((_request, response) => {
    const result = [{ metric: {}, value: [0, measured] }];
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return server;
}

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

function workload(kind: Kind, annotations: Record<string, string> = {}, image = 'web:1', cpu = '10m'): object {
  const resources = { requests: { cpu } };
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'web', key: 'a', optional: true } } }];
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', namespace, annotations },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas: 3 }),
      ...(kind === 'StatefulSet' ? { serviceName: 'web', podManagementPolicy: 'Parallel' } : {}),
      ...(kind === 'Deployment' ? { progressDeadlineSeconds: 2 } : {}),
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'web', image, resources, env }] },
      },
    },
  };
}

function policy(kind: Kind): object {
  const checks = [{ name: 'value', prometheus: { query: 'up{revision="$(canary)"}', min: 1 } }];
  const analysis = { intervalSeconds: 1, initialDelaySeconds: 1, count: 1, checks };
  const canary = { steps: [{ setWeight: 30 }, { pause: {} }, { setWeight: 60 }, { analysis }] };
  const spec = {
    workloadRef: { kind, name: 'web' },
    strategy: { canary },
    scaleDownDelaySeconds: 1,
    progressDeadlineSeconds: 60,
  };
  return { apiVersion: 'gantry.dev/v1', kind: 'Rollout', metadata: { name: 'web', namespace }, spec };
}

const apply = (...objects: object[]): Promise<unknown> =>
  objects.reduce<Promise<unknown>>(
    (before, object) => before.then(() => running.client.apply(JSON.stringify(object))),
    Promise.resolve(),
  );

async function status(): Promise<RolloutStatus> {
  return (await running.client.get('Rollout', { namespace, name: 'web' })).status ?? {};
}

/** Images of the pods that stay, in order. */
async function images(): Promise<string[]> {
  const { items } = await running.client.list('Pod', { namespace });
  const staying = items.filter(({ metadata }: Pod) => metadata.deletionTimestamp === undefined);
  return staying.map(({ spec }) => spec.containers[0]!.image!).sort();
}

const setImage = (kind: Kind, image: string): Promise<unknown> =>
  running.client.patch(
    kind,
    { namespace, name: 'web' },
    { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } } },
  );

async function ask(action: string): Promise<void> {
  const request = { action, id: `${action} ${Math.random()}` };
  await running.client.patch('Rollout', { namespace, name: 'web' }, { type: 'merge', body: { spec: { request } } });
}

const three = (image: string): string[] => [image, image, image];
/** Pods while the canary has one: beside the stable ones, or in the place of one. */
const withCanary = (kind: Kind): string[] => [...three('web:1').slice(kind === 'Deployment' ? 0 : 1), 'web:2'];

test.each<Kind>(['Deployment', 'StatefulSet', 'DaemonSet'])(
  'a %s goes by the steps of its Rollout, there and back',
  async (kind) => {
    await apply(workload(kind), policy(kind));
    await expect.poll(status, soon).toMatchObject({ phase: 'Healthy' });
    const { stableRevision: first } = await status();

    // Somebody gives it up at the first step.
    await setImage(kind, 'web:2');
    await expect.poll(status, soon).toMatchObject({ phase: 'Paused', canaryWeight: 30, stableRevision: first });
    await expect.poll(images, soon).toEqual(withCanary(kind));
    await ask('Abort');
    await expect.poll(status, soon).toMatchObject({ phase: 'Degraded', canaryWeight: 0, stableRevision: first });
    await expect.poll(images, soon).toEqual(three('web:1'));

    // Prometheus says that it is bad.
    measured = '0.5';
    await ask('Retry');
    await expect.poll(status, soon).toMatchObject({ phase: 'Paused', canaryWeight: 30 });
    await ask('Promote');
    await expect.poll(status, soon).toMatchObject({
      phase: 'Degraded',
      canaryWeight: 0,
      message: expect.stringContaining('the query is 0.5, and must be 1 at least'),
    });
    await expect.poll(images, soon).toEqual(three('web:1'));

    // It is good after all.
    measured = '2';
    await ask('Retry');
    await expect.poll(status, soon).toMatchObject({ phase: 'Paused', canaryWeight: 30 });
    await ask('Promote');
    await expect.poll(status, soon).toMatchObject({ phase: 'Healthy', canaryWeight: 0 });
    expect((await status()).stableRevision).not.toBe(first);
    await expect.poll(images, soon).toEqual(three('web:2'));
  },
  120_000,
);

test('pods follow a ConfigMap, and not a write that leaves it as it is', async () => {
  const configMap = (a: string, labels = {}): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'web', namespace, labels },
    data: { a },
  });
  await apply(configMap('1'), workload('StatefulSet', { 'gantry.dev/restart-on-change': 'true' }));
  await expect.poll(images, soon).toEqual(three('web:1'));
  const generation = async (): Promise<number | undefined> => {
    const { metadata } = await running.client.get('StatefulSet', { namespace, name: 'web' });
    return metadata.annotations?.['gantry.dev/observed-config'] === undefined ? undefined : metadata.generation;
  };
  await expect.poll(generation, soon).toBe(1);
  const uids = async (): Promise<string[]> => {
    const { items } = await running.client.list('Pod', { namespace });
    return items.map(({ metadata }) => metadata.uid!);
  };
  const before = await uids();
  await apply(configMap('1', { touched: 'yes' }));
  await apply(configMap('2'));
  await expect.poll(generation, soon).toBe(2);
  await expect.poll(async () => (await uids()).filter((uid) => before.includes(uid)), soon).toEqual([]);
  expect(await generation()).toBe(2);
}, 60_000);

test('a Deployment goes back to the last complete revision', async () => {
  const annotations = { 'gantry.dev/rollback-on-failure': 'true' };
  await apply(workload('Deployment', annotations));
  const marked = async (): Promise<unknown> => {
    const { items } = await running.client.list('ReplicaSet', { namespace });
    return items.map(({ metadata }) => metadata.annotations?.['gantry.dev/completed']);
  };
  await expect.poll(marked, soon).toEqual(['true']);
  // No node has so many CPUs.
  await apply(workload('Deployment', annotations, 'web:2', '64'));
  const conditions = async (): Promise<string[]> => {
    const { status: now } = await running.client.get('Deployment', { namespace, name: 'web' });
    return (now?.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`).sort();
  };
  await expect
    .poll(conditions, soon)
    .toEqual([
      'Available MinimumReplicasAvailable',
      'Progressing NewReplicaSetAvailable',
      'RolledBack ProgressDeadlineExceeded',
    ]);
  await expect.poll(images, soon).toEqual(three('web:1'));
}, 60_000);
