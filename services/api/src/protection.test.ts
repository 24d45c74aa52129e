import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

test('a claim gets its finalizer when it is made, and stays until that is taken off', async () => {
  const { client } = running;
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const made = await client.create(claim);
  expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  expect(await client.delete('PersistentVolumeClaim', { namespace: 'default', name: 'data' })).toMatchObject({
    gone: false,
    object: { metadata: { deletionTimestamp: expect.any(String) } },
  });
  const stored = await client.get('PersistentVolumeClaim', { namespace: 'default', name: 'data' });
  await client.update({ ...stored, metadata: { ...stored.metadata, finalizers: [] } });
  await expect(client.get('PersistentVolumeClaim', { namespace: 'default', name: 'data' })).rejects.toMatchObject({
    reason: 'NotFound',
  });
});

test('a volume gets its finalizer beside those that it has', async () => {
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk', finalizers: ['example.com/x'] },
    spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' } },
  };
  const { metadata } = await running.client.create(volume);
  expect(metadata.finalizers).toEqual(['example.com/x', 'kubernetes.io/pv-protection']);
});
