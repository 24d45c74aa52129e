import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// StatefulSets whose claims grow, through the api with all its admission and the controllers. Pods need not run for it.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };
const namespace = 'default';
const target = { namespace, name: 'db' };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
});

afterEach(() => owned.disposeAsync());

const manifest = (storage: string): string => `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: c, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], storageClassName: disks, resources: {requests: {storage: ${storage}}}}
`;

const claims = async (): Promise<PersistentVolumeClaim[]> =>
  (await running.client.list('PersistentVolumeClaim', { namespace })).items;
const requests = async (): Promise<unknown[]> => (await claims()).map(({ spec }) => spec.resources?.requests?.storage);
const condition = async () => {
  const { status }: StatefulSet = await running.client.get('StatefulSet', target);
  return status?.conditions?.find(({ type }) => type === 'ClaimsExpanded');
};

/** A set with two claims of 1Gi that are bound. */
async function startSet(allowVolumeExpansion: boolean): Promise<void> {
  const { client } = running;
  await client.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disks' },
    provisioner: 'example.com/disks',
    allowVolumeExpansion,
  });
  await client.apply(manifest('1Gi'), { defaultNamespace: namespace });
  await expect
    .poll(async () => (await claims()).map(({ metadata }) => metadata.name), soon)
    .toEqual(['data-db-0', 'data-db-1']);
  for (const { metadata } of await claims()) {
    await client.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-of-${metadata.name}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'disks',
        claimRef: { kind: 'PersistentVolumeClaim', namespace, name: metadata.name, uid: metadata.uid! },
        hostPath: { path: '/data' },
      },
    });
  }
  await expect.poll(async () => (await claims()).map(({ status }) => status?.phase), soon).toEqual(['Bound', 'Bound']);
}

test('claims grow with their template, and nothing else of it changes', async () => {
  await startSet(true);
  await running.client.apply(manifest('2Gi'), { defaultNamespace: namespace });
  await expect.poll(requests, soon).toEqual(['2Gi', '2Gi']);
  await expect.poll(condition, soon).toMatchObject({ status: 'False', reason: 'Expanding' });
  const { items } = await running.client.list('Event', { namespace });
  expect(items.map(({ message }) => message)).toContain('Expand Claim data-db-0 in StatefulSet db from 1Gi to 2Gi');
  await expect(running.client.apply(manifest('1Gi'), { defaultNamespace: namespace })).rejects.toThrow(
    'field is immutable',
  );
  const other = manifest('3Gi').replace('disks, resources', 'others, resources');
  await expect(running.client.apply(other, { defaultNamespace: namespace })).rejects.toThrow('field is immutable');
});

test('claims whose class does not let them grow stay, and the set says so', async () => {
  await startSet(false);
  await running.client.apply(manifest('2Gi'), { defaultNamespace: namespace });
  await expect.poll(condition, soon).toMatchObject({
    status: 'False',
    reason: 'ExpansionNotAllowed',
    message: 'claims data-db-0 (1Gi of 2Gi), data-db-1 (1Gi of 2Gi): storage class disks does not allow expansion',
  });
  expect(await requests()).toEqual(['1Gi', '1Gi']);
});

test('claims that a quota does not let grow stay, and the set says why', async () => {
  await startSet(true);
  const hard = { 'requests.storage': '3Gi' };
  await running.client.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: target, spec: { hard } });
  const used = async () => (await running.client.get('ResourceQuota', target)).status?.used?.['requests.storage'];
  await expect.poll(used, soon).toBe('2Gi');
  await running.client.apply(manifest('2Gi'), { defaultNamespace: namespace });
  await expect.poll(condition, soon).toMatchObject({
    status: 'False',
    reason: 'ExpansionRefused',
    message: expect.stringContaining('exceeded quota: db'),
  });
  expect(await requests()).toEqual(['2Gi', '1Gi']);
});
