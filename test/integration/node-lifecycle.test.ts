import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

// Nodes, namespaces and volumes on a cluster with everything but containers: api, controllers, scheduler, hollow nodes.

const patience = { timeout: 20_000, interval: 100 };
const owned = new AsyncDisposableStack();
let running: TestApi;

beforeAll(async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-nodes-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger, credentials: testCredentials };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const size = { count: 3, cpuCount: 4, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 300_000 };
  owned.use(await startHollowNodes({ ...size, namePrefix: 'n', rootDir, startMs: 20, nodeTimes }, deps));
}, 60_000);

afterAll(() => owned.disposeAsync());

async function apply(...objects: readonly object[]): Promise<void> {
  for (const object of objects) await running.client.apply(JSON.stringify(object));
}

const nodes = async (): Promise<Node[]> => (await running.client.list('Node')).items;
const podNames = async (): Promise<string[]> =>
  (await running.client.list('Pod', { namespace: 'default' })).items.map(({ metadata }) => metadata.name);

function aPod(name: string, spec: Partial<Pod['spec']> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'pause:3' }], ...spec },
  };
}

async function runs(name: string): Promise<Pod> {
  return vi.waitFor(async () => {
    const pod = await running.client.get('Pod', { namespace: 'default', name });
    expect(isReady(pod)).toBe(true);
    return pod;
  }, patience);
}

async function isGone(kind: 'Pod' | 'PersistentVolumeClaim' | 'Namespace', name: string): Promise<void> {
  const target = kind === 'Namespace' ? { name } : { namespace: 'default', name };
  await vi.waitFor(async () => {
    await expect(running.client.get(kind, target)).rejects.toMatchObject({ reason: 'NotFound' });
  }, patience);
}

test('a node that the api has forgotten registers again, and its pods stay', async () => {
  await apply(aPod('stays'));
  const { spec } = await runs('stays');
  const name = spec.nodeName!;
  await running.client.delete('Node', { name });
  await vi.waitFor(async () => expect((await nodes()).filter(isReady)).toHaveLength(3), patience);
  expect(await podNames()).toContain('stays');
});

test('a taint without a time evicts each pod after its toleration', async () => {
  const [node] = await nodes();
  const { name } = node!.metadata;
  const tolerate = (seconds: object): object[] => [
    { key: 'example.com/drain', operator: 'Exists', effect: 'NoExecute', ...seconds },
  ];
  await apply(
    aPod('t3', { nodeName: name, tolerations: tolerate({ tolerationSeconds: 3 }) } as object),
    aPod('forever', { nodeName: name, tolerations: tolerate({}) } as object),
    aPod('none', { nodeName: name }),
  );
  for (const pod of ['t3', 'forever', 'none']) await runs(pod);
  const taints = [{ key: 'example.com/drain', effect: 'NoExecute' }];
  await running.client.patch('Node', { name }, { type: 'merge', body: { spec: { taints } } });
  await isGone('Pod', 'none');
  expect(await podNames()).toEqual(expect.arrayContaining(['t3', 'forever']));
  await isGone('Pod', 't3');
  expect(await podNames()).toContain('forever');
  await running.client.patch('Node', { name }, { type: 'merge', body: { spec: { taints: null } } });
});

test('a namespace says what it waits for, and goes when that is gone', async () => {
  const { client } = running;
  const metadata = { name: 'held', namespace: 'hb', finalizers: ['example.com/hold'] };
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hb' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata },
  );
  await client.delete('Namespace', { name: 'hb' });
  await vi.waitFor(async () => {
    const { status } = await client.get('Namespace', { name: 'hb' });
    expect(status?.conditions?.map((condition) => [condition.type, condition.status, condition.reason])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted'],
      ['NamespaceContentRemaining', 'True', 'SomeResourcesRemain'],
      ['NamespaceFinalizersRemaining', 'True', 'SomeFinalizersRemain'],
    ]);
  }, patience);
  const body = { metadata: { finalizers: null } };
  await client.patch('ConfigMap', { namespace: 'hb', name: 'held' }, { type: 'merge', body });
  await isGone('Namespace', 'hb');
});

test('a volume and its claim stay while they are used, and a volume that nobody can delete has failed', async () => {
  const { client } = running;
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      hostPath: { path: '/a' },
    },
  };
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const phases = async (): Promise<(string | undefined)[]> => [
    (await client.get('PersistentVolume', { name: 'disk' })).status?.phase,
    (await client.get('PersistentVolumeClaim', { namespace: 'default', name: 'data' })).status?.phase,
  ];
  await apply(claim);
  await vi.waitFor(async () => {
    const { items } = await client.list('Event', { namespace: 'default' });
    expect(items.filter(({ involvedObject }) => involvedObject.name === 'data')).toMatchObject([
      { type: 'Normal', reason: 'FailedBinding' },
    ]);
  }, patience);
  await apply(volume);
  await vi.waitFor(async () => expect(await phases()).toEqual(['Bound', 'Bound']), patience);
  const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
  await apply(aPod('user', { volumes }));
  await vi.waitFor(async () => {
    expect((await client.get('Pod', { namespace: 'default', name: 'user' })).spec.nodeName).toBeTruthy();
  }, patience);
  await client.delete('PersistentVolumeClaim', { namespace: 'default', name: 'data' });
  // Long enough for whoever would take the finalizer off.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await phases()).toEqual(['Bound', 'Bound']);
  await client.delete('Pod', { namespace: 'default', name: 'user' }, { gracePeriodSeconds: 0 });
  await isGone('PersistentVolumeClaim', 'data');
  const message = 'error getting deleter volume plugin for volume "disk": no deletable volume plugin matched';
  await vi.waitFor(async () => {
    const { status } = await client.get('PersistentVolume', { name: 'disk' });
    expect(status).toMatchObject({ phase: 'Failed', message });
  }, patience);
});
