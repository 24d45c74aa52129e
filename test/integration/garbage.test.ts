import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import type { AnyKind } from '@gantry/client/api.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
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

const plural = (kind: string): string => `${kind.toLowerCase()}s`;

/** Defines a kind of example.com, and waits until it is served. */
async function define(kind: string, scope: 'Namespaced' | 'Cluster'): Promise<void> {
  const { client } = running;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await client.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural(kind)}.example.com` },
    spec: {
      group: 'example.com',
      names: { kind, plural: plural(kind) },
      scope,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  } as KubeObject);
  const isServed = async (): Promise<boolean> => {
    return client.list(`${plural(kind)}.example.com`).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(isServed, soon).toBe(true);
}

const aWidget = (name: string, ownerReferences: OwnerReference[] = [], namespace = 'default'): KubeObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Widget', spec: { size: 1 } },
  metadata: { name, namespace, ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
});
const refTo = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid!, blockOwnerDeletion: true };
};
const names = async (kind: AnyKind, namespace: string): Promise<string[]> => {
  const items: readonly KubeObject[] = (await running.client.list(kind, { namespace })).items;
  return items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt');
};

test('custom kinds that come while the controllers run own and are owned, and take their dependents with them', async () => {
  const { client } = running;
  const widgets = 'widgets.example.com';
  await define('Widget', 'Namespaced');
  const owner = await client.create(aWidget('own'));
  const owned = await client.create(aWidget('owned', [refTo(owner)]));
  await client.create(aConfigMap('below', [refTo(owned)]));
  await client.delete(widgets, { namespace: 'default', name: 'own' }, { propagationPolicy: 'Foreground' });
  await expect.poll(() => names(widgets, 'default'), soon).toEqual([]);
  await expect.poll(() => names('ConfigMap', 'default'), soon).toEqual([]);

  const kept = await client.create(aWidget('released'));
  await client.create(aConfigMap('stays', [refTo(kept)]));
  await client.delete(widgets, { namespace: 'default', name: 'released' }, { propagationPolicy: 'Orphan' });
  await expect.poll(() => names(widgets, 'default'), soon).toEqual([]);
  expect(await names('ConfigMap', 'default')).toEqual(['stays']);

  // A definition takes its objects with it, and these take what they own.
  const last = await client.create(aWidget('last'));
  await client.create(aConfigMap('goes', [refTo(last)]));
  await client.delete('customresourcedefinitions.apiextensions.k8s.io', { name: widgets });
  await expect.poll(() => names('ConfigMap', 'default'), soon).toEqual(['stays']);
  await expect(client.list(widgets)).rejects.toThrow(`the server doesn't have a resource type "${widgets}"`);
});

test('a namespace takes custom objects and events with it, and says meanwhile what it waits for', async () => {
  const { client } = running;
  await define('Widget', 'Namespaced');
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hb' } });
  const held = aWidget('held', [], 'hb');
  held.metadata.finalizers = ['example.com/hold'];
  await client.create(held);
  await client.create(aConfigMap('inside', [], 'hb'));
  const metadata = { name: 'told', namespace: 'hb' };
  await client.create({ apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { namespace: 'hb', name: 'x' } });
  await client.delete('Namespace', { name: 'hb' });
  const conditions = async (): Promise<string[]> => {
    const { status } = await client.get('Namespace', { name: 'hb' });
    return (status?.conditions ?? []).map(({ type, status, message }) => `${type}=${status}: ${message}`);
  };
  await expect
    .poll(conditions, soon)
    .toEqual([
      'NamespaceDeletionDiscoveryFailure=False: All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure=False: All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure=False: All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining=True: Some resources are remaining: widgets.example.com has 1 resource instances',
      'NamespaceFinalizersRemaining=True: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ]);
  expect(await names('Event', 'hb')).toEqual([]);
  expect(await names('ConfigMap', 'hb')).toEqual([]);
  const free = { metadata: { finalizers: null } };
  await client.patch('widgets.example.com', { namespace: 'hb', name: 'held' }, { type: 'merge', body: free });
  const isGone = (): Promise<boolean> =>
    client.get('Namespace', { name: 'hb' }).then(
      () => false,
      () => true,
    );
  await expect.poll(isGone, soon).toBe(true);
});

test('a migration stores the objects of a definition in the version that it stores now', async () => {
  const { client, store } = running;
  await define('Widget', 'Namespaced');
  await client.create(aWidget('old'));
  const storedVersion = async (): Promise<string> => {
    const entry = await store.get('widgets.example.com/default/old');
    return (JSON.parse(entry!.value) as KubeObject).apiVersion;
  };
  const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
  const definition = (await client.get(definitions, { name: 'widgets.example.com' })) as KubeObject & {
    spec: { versions: { name: string; storage: boolean }[] };
  };
  const [v1] = definition.spec.versions;
  const versions = [
    { ...v1, storage: false },
    { ...v1, name: 'v2', storage: true },
  ];
  await client.patch(definitions, { name: 'widgets.example.com' }, { type: 'merge', body: { spec: { versions } } });
  expect(await storedVersion()).toBe('example.com/v1');
  const resource = { group: 'example.com', resource: 'widgets' };
  const [apiVersion, kind] = ['storagemigration.k8s.io/v1', 'StorageVersionMigration'] as const;
  await client.create({ apiVersion, kind, metadata: { name: 'm' }, spec: { resource } } as KubeObject);
  const conditions = async (): Promise<string[]> => {
    const { status } = await client.get('StorageVersionMigration', { name: 'm' });
    return (status?.conditions ?? []).map(({ type }) => type);
  };
  await expect.poll(conditions, soon).toEqual(['Running', 'Succeeded']);
  expect(await storedVersion()).toBe('example.com/v2');
});
