import type { WatchEvent } from '@gantry/client/api.ts';
import type { ConfigMap, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from './testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

function configMap(name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data };
}

describe('create, get, update, delete', () => {
  test('an object goes round with what the server owns', async () => {
    const { client } = running;
    const created = await client.create(configMap('round', { a: '1' }));
    expect(created.metadata).toMatchObject({ name: 'round', namespace: 'default' });
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const got = await client.get('ConfigMap', { namespace: 'default', name: 'round' });
    expect(got).toEqual(created);
    const updated = await client.update({ ...got, data: { a: '2' } });
    expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(Number(got.metadata.resourceVersion));
    await expect(client.update({ ...got, data: { a: '3' } })).rejects.toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "round": the object has been modified; please apply your changes to the latest version and try again',
    });
    expect(await client.delete('ConfigMap', { namespace: 'default', name: 'round' })).toMatchObject({ gone: true });
    await expect(client.get('ConfigMap', { namespace: 'default', name: 'round' })).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'configmaps "round" not found',
    });
  });

  test('an update that changes nothing writes nothing', async () => {
    const { client } = running;
    const created = await client.create(configMap('same', { a: '1' }));
    const updated = await client.update(created);
    expect(updated.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  test('a second creation is refused', async () => {
    const { client } = running;
    await client.create(configMap('twice'));
    await expect(client.create(configMap('twice'))).rejects.toMatchObject({
      reason: 'AlreadyExists',
      message: 'configmaps "twice" already exists',
    });
  });

  test('a namespace must be there', async () => {
    const { client } = running;
    const lost = { ...configMap('lost'), metadata: { name: 'lost', namespace: 'nowhere' } };
    await expect(client.create(lost)).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'namespaces "nowhere" not found',
    });
  });

  test('generateName makes names', async () => {
    const { client } = running;
    const [one, two] = await Promise.all(
      [1, 2].map(() => {
        return client.create({ ...configMap(''), metadata: { name: '', generateName: 'made-', namespace: 'default' } });
      }),
    );
    expect(one!.metadata.name).toMatch(/^made-[a-z0-9]{5}$/);
    expect(two!.metadata.name).not.toBe(one!.metadata.name);
  });

  test('dry run stores nothing', async () => {
    const { client } = running;
    await client.create(configMap('dry'), { dryRun: true });
    await expect(client.get('ConfigMap', { namespace: 'default', name: 'dry' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });
});

describe('list and watch', () => {
  test('pages of one list hold together and select by label', async () => {
    const { client } = running;
    for (let i = 0; i < 5; i++)
      await client.create(podNamed(`page-${i}`, { labels: { app: 'page', odd: String(i % 2) } }));
    const names: string[] = [];
    let token: string | undefined;
    let revision: number | undefined;
    do {
      const page = await client.list('Pod', {
        namespace: 'default',
        labelSelector: 'app=page,odd=0',
        limit: 2,
        ...(token ? { continue: token } : {}),
      });
      revision ??= page.resourceVersion;
      expect(page.resourceVersion).toBe(revision);
      names.push(...page.items.map((pod) => pod.metadata.name));
      token = page.continue;
      await client.create(podNamed(`page-late-${names.length}`, { labels: { app: 'page', odd: '0' } }));
    } while (token);
    expect(names).toEqual(['page-0', 'page-2', 'page-4']);
  });

  test('a watch tells of what starts and stops to match', async () => {
    const { client } = running;
    const stop = new AbortController();
    const { resourceVersion } = await client.list('Pod');
    const events = client.watch('Pod', { labelSelector: 'watched=yes', resourceVersion }, stop.signal);
    const pod = await client.create(podNamed('seen'));
    const labelled = await client.update({ ...pod, metadata: { ...pod.metadata, labels: { watched: 'yes' } } });
    const changed = await client.update({ ...labelled, metadata: { ...labelled.metadata, annotations: { a: 'b' } } });
    await client.update({ ...changed, metadata: { ...changed.metadata, labels: {} } });
    const seen: WatchEvent<Pod>[] = [];
    for await (const event of events) {
      seen.push(event);
      if (seen.length === 3) break;
    }
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    stop.abort();
  });

  test('a watch from the beginning of the store finds all changes there were, and from 0 the state first', async () => {
    const { client } = running;
    const stop = new AbortController();
    const first = await Array.fromAsync(take(client.watch('Namespace', { resourceVersion: 0 }, stop.signal), 5));
    expect(first.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED', 'ADDED', 'BOOKMARK']);
    const again = await Array.fromAsync(take(client.watch('Namespace', { resourceVersion: 1 }, stop.signal), 3));
    expect(again.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED']);
    stop.abort();
  });
});

async function* take<T>(events: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const event of events) {
    yield event;
    if (--left === 0) return;
  }
}
