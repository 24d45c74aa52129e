import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Gangs, budgets and claims on a cluster with everything but containers, with two schedulers that share the work.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-gang-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  running = owned.use(await startTestApi());
  const deps = { client: running.client, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
  for (const index of [0, 1]) {
    const shard = { index, count: 2 };
    owned.use(startScheduler({ ...defaultSchedulerConfig, identity: `test-${index}`, shard }, deps));
  }
  const size = { count: 3, cpuCount: 2, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 10_000 };
  owned.use(await startHollowNodes({ ...size, namePrefix: 'n', rootDir, startMs: 20, nodeTimes }, deps));
});

afterEach(() => owned.disposeAsync());

async function applyExample(file: string): Promise<void> {
  const text = await readFile(join(import.meta.dirname, '../../examples', file), 'utf8');
  for (const manifest of text.split('\n---\n')) await running.client.apply(manifest, { defaultNamespace: 'default' });
}

async function pods(): Promise<Pod[]> {
  return (await running.client.list('Pod', { namespace: 'default' })).items;
}

const groupOf = async (name: string) => (await running.client.get('PodGroup', { namespace: 'default', name })).status;

test('the gang of the example runs, and tells so', async () => {
  await applyExample('gang.yaml');
  await expect.poll(() => groupOf('workers'), soon).toMatchObject({ phase: 'Running', running: 3 });
  const [pod] = await pods();
  expect(pod!.spec).toMatchObject({ priority: 100, priorityClassName: 'training' });
});

test('gangs that do not fit beside each other: one runs, the other has no pod on any node', async () => {
  const gang = (name: string): object[] => [
    {
      apiVersion: 'scheduling.x-k8s.io/v1alpha1',
      kind: 'PodGroup',
      metadata: { name, namespace: 'default' },
      spec: { minMember: 4 },
    },
    ...[0, 1, 2, 3].map((index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-${index}`,
        namespace: 'default',
        labels: { 'scheduling.x-k8s.io/pod-group': name },
      },
      spec: { containers: [{ name: 'main', image: 'pause:3', resources: { requests: { cpu: '1' } } }] },
    })),
  ];
  const [one, two] = [gang('one'), gang('two')];
  for (const index of one.keys()) {
    await running.client.apply(JSON.stringify(one[index]));
    await running.client.apply(JSON.stringify(two[index]));
  }
  const reasons = async (): Promise<unknown[]> => {
    const waiting = (await pods()).filter(({ spec }) => !spec.nodeName);
    return waiting.map(({ status }) => status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message);
  };
  await expect
    .poll(reasons, soon)
    .toEqual(
      Array(4).fill(
        expect.stringMatching(/^pod group "(one|two)": \d of minMember 4 pods fit: 0\/3 nodes are available/),
      ),
    );
  const placed = (await pods()).filter(({ spec }) => spec.nodeName).map(({ metadata }) => metadata.name.slice(0, 3));
  expect(placed).toHaveLength(4);
  expect(new Set(placed).size).toBe(1);
});

test('an eviction that a budget forbids is refused until another pod is ready', async () => {
  const template = {
    metadata: { labels: { app: 'hello' } },
    spec: { containers: [{ name: 'main', image: 'pause:3' }], terminationGracePeriodSeconds: 0 },
  };
  const spec = { replicas: 3, selector: { matchLabels: { app: 'hello' } }, template };
  const metadata = { name: 'hello', namespace: 'default' };
  await running.client.apply(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }));
  await applyExample('budget.yaml');
  const allowed = async () => (await running.client.get('PodDisruptionBudget', metadata)).status;
  await expect.poll(allowed, soon).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2 });
  const [first, second] = await pods();
  const evict = (pod: Pod) => running.client.evict({ namespace: 'default', name: pod.metadata.name });
  await evict(first!);
  await expect(evict(second!)).rejects.toMatchObject({ reason: 'TooManyRequests' });
  await expect.poll(allowed, soon).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 3 });
  await evict(second!);
});

test('a pod whose claim waits for it goes where a volume is, and the claim is bound to that', async () => {
  const hostname = 'kubernetes.io/hostname';
  const nodes = (await running.client.list('Node')).items;
  const node = nodes[1]!.metadata;
  const terms = [{ matchExpressions: [{ key: hostname, operator: 'In', values: [node.labels![hostname]!] }] }];
  const size = { storage: '1Gi' };
  const modes = { accessModes: ['ReadWriteOnce'], storageClassName: 'local' };
  const objects = [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'disk' },
      spec: {
        ...modes,
        capacity: size,
        local: { path: '/mnt' },
        nodeAffinity: { required: { nodeSelectorTerms: terms } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { ...modes, resources: { requests: size } },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'db', namespace: 'default' },
      spec: {
        containers: [{ name: 'main', image: 'pause:3' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    },
  ];
  for (const object of objects) await running.client.apply(JSON.stringify(object));
  const claim = async () => running.client.get('PersistentVolumeClaim', { namespace: 'default', name: 'data' });
  await expect.poll(claim, soon).toMatchObject({ spec: { volumeName: 'disk' }, status: { phase: 'Bound' } });
  expect((await pods())[0]!.spec.nodeName).toBe(node.name);
});
