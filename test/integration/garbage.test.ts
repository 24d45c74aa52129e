import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Owners and dependents, through the api and the controllers.

let owned: AsyncDisposableStack;
let running: TestApi;
const soon = { timeout: 20_000, interval: 50 };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test' }, deps));
});

afterEach(() => owned.disposeAsync());

const aConfigMap = (name: string, ownerReferences: OwnerReference[] = [], namespace = 'default'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  data: { key: `data of ${name}` },
});

const referenceTo = ({ apiVersion, kind, metadata }: ConfigMap): OwnerReference => {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid! };
};

async function exists(kind: 'ConfigMap' | 'PriorityClass', name: string, namespace?: string): Promise<boolean> {
  try {
    await running.client.get(kind, namespace === undefined ? { name } : { namespace, name });
    return true;
  } catch (error) {
    if (isError(error, 'NotFound')) return false;
    throw error;
  }
}

async function complaintsAbout(name: string): Promise<string[]> {
  const { items } = await running.client.list('Event', {});
  return items.filter(({ involvedObject }) => involvedObject?.name === name).map(({ reason }) => reason ?? '');
}

test('objects whose owner cannot be resolved stay, those whose owner is gone go, and users are told', async () => {
  const { client } = running;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
  const owner = await client.create(aConfigMap('own'));
  const reference = referenceTo(owner);
  const [name, value] = ['pc-dep', 1];
  const metadata = { name, ownerReferences: [reference] };
  await client.create({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value });
  await client.create(aConfigMap('foreign', [{ ...reference, apiVersion: 'example.com/v1', uid: 'unknown' }]));
  await client.create(aConfigMap('elsewhere', [reference], 'other'));
  await client.create(aConfigMap('dangling', [{ ...reference, name: 'never', uid: 'never' }]));
  await client.create(aConfigMap('owned', [reference]));
  await expect.poll(() => exists('ConfigMap', 'elsewhere', 'other'), soon).toBe(false);
  await expect.poll(() => exists('ConfigMap', 'dangling', 'default'), soon).toBe(false);
  await expect.poll(() => complaintsAbout('pc-dep'), soon).toContain('OwnerRefInvalidNamespace');
  await expect.poll(() => complaintsAbout('elsewhere'), soon).toContain('OwnerRefInvalidNamespace');
  await client.delete('ConfigMap', { namespace: 'default', name: 'own' });
  await expect.poll(() => exists('ConfigMap', 'owned', 'default'), soon).toBe(false);
  expect(await exists('PriorityClass', 'pc-dep')).toBe(true);
  expect(await exists('ConfigMap', 'foreign', 'default')).toBe(true);
});

test('a dependent that is orphaned keeps its content and stays', async () => {
  const { client } = running;
  const owner = await client.create(aConfigMap('own'));
  const reference = { ...referenceTo(owner), blockOwnerDeletion: true };
  await client.create(aConfigMap('kept', [reference]));
  await client.delete('ConfigMap', { namespace: 'default', name: 'own' }, { propagationPolicy: 'Orphan' });
  await expect.poll(() => exists('ConfigMap', 'own', 'default'), soon).toBe(false);
  const kept = await client.get('ConfigMap', { namespace: 'default', name: 'kept' });
  expect(kept.data).toEqual({ key: 'data of kept' });
  expect(kept.metadata.ownerReferences ?? []).toEqual([]);
});
