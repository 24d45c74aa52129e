import type { WatchEvent } from '@gantry/client/api.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { ConfigMap, Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from './testing/harness.ts';

// Kinds that a program was not built with, by the name of their resource, and metadata alone.

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const foreign = 'events.events.k8s.io';
const newEvent = (name: string) => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name, namespace: 'default' },
  eventTime: '2026-01-02T03:04:05.000000Z',
  reportingController: 'example.com/controller',
  reportingInstance: 'one',
  action: 'Run',
  reason: 'Ran',
  type: 'Normal',
  regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
  note: 'it runs',
});
const secret = (name: string): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default', labels: { app: name } },
  data: { password: 'aHVudGVyMg==' },
});

describe('a kind that the program was not built with', () => {
  test('is created, read, listed, patched and deleted by the name of its resource', async () => {
    const { client } = running;
    await client.create(newEvent('one'));
    const name = { namespace: 'default', name: 'one' };
    expect(await client.get(foreign, name)).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'it runs' });
    const { items } = await client.list(foreign, { namespace: 'default' });
    expect(items).toEqual([expect.objectContaining({ kind: 'Event', note: 'it runs' })]);
    const body = { metadata: { labels: { seen: 'yes' } } };
    const patched = await client.patch(foreign, name, { type: 'merge', body });
    expect(patched).toMatchObject({ apiVersion: 'events.k8s.io/v1', metadata: { labels: { seen: 'yes' } } });
    expect(await client.delete(foreign, name)).toMatchObject({ gone: true, object: { note: 'it runs' } });
    await expect(client.get(foreign, name)).rejects.toThrow('"one" not found');
  });

  test('has informers', async () => {
    const { client } = running;
    const source = watchSource(client, foreign, { namespace: 'default' });
    const errors: unknown[] = [];
    await using informer = new Informer<KubeObject>({ source, onError: (error) => errors.push(error) }).start();
    await informer.hasSynced;
    const seen = Promise.withResolvers<KubeObject>();
    informer.onChange(({ object }) => seen.resolve(object));
    await client.create(newEvent('two'));
    expect(await seen.promise).toMatchObject({ apiVersion: 'events.k8s.io/v1', metadata: { name: 'two' } });
    expect(errors).toEqual([]);
  });

  test('is refused in words where nobody serves it', async () => {
    const { client } = running;
    const refusal = `the server doesn't have a resource type "widgets.example.com"`;
    await expect(client.get('widgets.example.com', { name: 'x' })).rejects.toThrow(refusal);
    await expect(client.list('widgets.example.com')).rejects.toThrow(refusal);
    await expect(client.deleteCollection('widgets.example.com')).rejects.toThrow(refusal);
  });
});

describe('metadata alone', () => {
  test('comes with the type and without content, from get, list and watch', async () => {
    const { client } = running;
    const created = await client.create(secret('hidden'));
    const name = { namespace: 'default', name: 'hidden' };
    const partial = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { uid: created.metadata.uid, labels: { app: 'hidden' } },
    };
    const read = await client.get('Secret', name, { metadataOnly: true });
    expect(Object.keys(read)).toEqual(['apiVersion', 'kind', 'metadata']);
    expect(read).toMatchObject(partial);
    const page = await client.list('Secret', { namespace: 'default', labelSelector: 'app=hidden', metadataOnly: true });
    expect(page.items.map((item) => Object.keys(item))).toEqual([['apiVersion', 'kind', 'metadata']]);
    expect(page.items[0]).toMatchObject(partial);
    expect(page.items[0]!.metadata.managedFields).toBeUndefined();

    const stop = new AbortController();
    const query = { namespace: 'default', resourceVersion: page.resourceVersion };
    const [whole, slim] = [query, { ...query, metadataOnly: true }].map((each) =>
      client.watch('Secret', each, stop.signal),
    );
    const body = { stringData: { password: 'other' } };
    await client.patch('Secret', name, { type: 'merge', body });
    const first = async (events: AsyncGenerator<WatchEvent<Secret>>): Promise<object> => {
      for await (const event of events) if (event.type !== 'BOOKMARK') return event.object;
      throw new Error('the watch ended');
    };
    // Both kinds of watchers get the same event, each in its own form.
    expect(await first(whole!)).toMatchObject({ data: { password: 'b3RoZXI=' } });
    expect(Object.keys(await first(slim!))).toEqual(['apiVersion', 'kind', 'metadata']);
    stop.abort();
  });

  test('is not converted into another form, but says which it is of', async () => {
    const { client } = running;
    await client.create(newEvent('three'));
    const page = await client.list(foreign, {
      namespace: 'default',
      fieldSelector: 'metadata.name=three',
      metadataOnly: true,
    });
    expect(page.items).toEqual([
      { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: expect.objectContaining({ name: 'three' }) },
    ]);
  });
});

test('collections are deleted by their selection, and no further', async () => {
  const { client } = running;
  const configMap = (name: string, app: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels: { app } },
  });
  for (const [name, app] of [
    ['a', 'old'],
    ['b', 'old'],
    ['c', 'new'],
  ] as const)
    await client.create(configMap(name, app));
  const old = { namespace: 'default', labelSelector: 'app=old' };
  await client.deleteCollection('ConfigMap', old, { dryRun: true });
  expect((await client.list('ConfigMap', old)).items).toHaveLength(2);
  await client.deleteCollection('ConfigMap', old);
  const left = (await client.list('ConfigMap', { namespace: 'default', labelSelector: 'app' })).items;
  expect(left.map(({ metadata }) => metadata.name)).toEqual(['c']);
});

test('the resources that are served are told to whoever asks', async () => {
  const stop = new AbortController();
  for await (const { resources, unknown } of running.client.watchResources(stop.signal)) {
    expect(unknown).toEqual([]);
    expect(resources).toContainEqual(
      expect.objectContaining({ resource: 'deployments.apps', kind: 'Deployment', namespaced: true, versions: ['v1'] }),
    );
    expect(resources).toContainEqual(expect.objectContaining({ resource: 'nodes', group: '', namespaced: false }));
    break;
  }
  stop.abort();
});
