import type { ConfigMap, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from './testing/harness.ts';

// One object whose stored text is damaged: it is named, skipped, readable as it is, and can be deleted; all else goes on.

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

/** Stores an object and damages one character of its text. */
async function damage(key: string): Promise<string> {
  const entry = await running.store.get(key);
  const text = entry!.value.replace('":', '"');
  await running.store.commit([{ type: 'put', key, value: text }]);
  return text;
}

describe('a damaged object', () => {
  test('is refused by name, skipped by lists, readable raw and deletable', async () => {
    const { client } = running;
    for (const name of ['a', 'b', 'c']) await client.create(configMap(name));
    const text = await damage('configmaps/default/b');
    const named = { reason: 'InternalError', message: expect.stringContaining('configmaps/default/b') };
    await expect(client.get('ConfigMap', { namespace: 'default', name: 'b' })).rejects.toMatchObject(named);
    await expect(client.apply(JSON.stringify(configMap('b')))).rejects.toMatchObject(named);
    const page = await client.list('ConfigMap', { namespace: 'default' });
    expect(page.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
    expect(page.damaged).toMatchObject([
      { resource: 'configmaps', namespace: 'default', name: 'b', problem: expect.stringContaining('JSON') },
    ]);
    await expect
      .poll(async () => (await client.get('Namespace', { name: 'default' })).status?.conditions, { timeout: 5_000 })
      .toMatchObject([
        { type: 'ObjectsReadable', status: 'False', message: expect.stringContaining('configmaps/default/b') },
      ]);
    const about = { namespace: 'default', fieldSelector: 'involvedObject.name=b' };
    await expect
      .poll(async () => (await client.list('Event', about)).items, { timeout: 5_000 })
      .toMatchObject([{ reason: 'ObjectDamaged', type: 'Warning', involvedObject: { kind: 'ConfigMap' } }]);
    expect(await client.getRaw('ConfigMap', { namespace: 'default', name: 'b' })).toMatchObject({ text });
    const ref = { namespace: 'default', name: 'b' };
    await expect(client.delete('ConfigMap', ref, { uid: 'some' })).rejects.toMatchObject({ reason: 'Conflict' });
    expect(await client.delete('ConfigMap', ref)).toMatchObject({ gone: true, object: { metadata: { name: 'b' } } });
    expect((await client.list('ConfigMap', { namespace: 'default' })).damaged).toBeUndefined();
    await client.create(configMap('b'));
    await expect
      .poll(async () => (await client.get('Namespace', { name: 'default' })).status?.conditions, { timeout: 5_000 })
      .toMatchObject([{ type: 'ObjectsReadable', status: 'True' }]);
  });

  test('with a field that is of another type is treated the same', async () => {
    const { client, store } = running;
    await client.create(configMap('d'));
    const stop = new AbortController();
    const { resourceVersion } = await client.list('ConfigMap', { namespace: 'default' });
    const query = { namespace: 'default', resourceVersion };
    const watch = client.watch('ConfigMap', query, stop.signal)[Symbol.asyncIterator]();
    const next = watch.next();
    const key = 'configmaps/default/d';
    const object = JSON.parse((await store.get(key))!.value);
    object.metadata.finalizers = { '0': 'text' };
    await store.commit([{ type: 'put', key, value: JSON.stringify(object) }]);
    await client.create(configMap('e'));
    expect((await next).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'e' } } });
    stop.abort();
    const ref = { namespace: 'default', name: 'd' };
    await expect(client.get('ConfigMap', ref)).rejects.toMatchObject({ message: expect.stringContaining(key) });
    const page = await client.list('ConfigMap', { namespace: 'default' });
    expect(page.damaged).toMatchObject([{ name: 'd' }]);
    expect(await client.delete('ConfigMap', ref)).toMatchObject({ gone: true, object: { metadata: { name: 'd' } } });
  });

  test('that lacks what its kind needs fails no list with selectors and ends no watch', async () => {
    const { client, store } = running;
    const query = { namespace: 'default', fieldSelector: 'spec.nodeName!=n9' };
    const { resourceVersion } = await client.list('Pod', query);
    const stop = new AbortController();
    const watch = client.watch('Pod', { ...query, resourceVersion }, stop.signal)[Symbol.asyncIterator]();
    const next = watch.next();
    const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare', namespace: 'default' } };
    await store.commit([{ type: 'put', key: 'pods/default/bare', value: JSON.stringify(bare) }]);
    await client.create(podNamed('whole'));
    expect((await next).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'whole' } } });
    const page = await client.list('Pod', query);
    expect([page.damaged?.map(({ name }) => name), page.items.length > 0]).toEqual([['bare'], true]);
    for (const name of ['bare', 'whole']) await client.delete('Pod', { namespace: 'default', name });
    stop.abort();
  });

  test('that is a bound pod keeps its room on the node, and ends no watch', async () => {
    const { client, store } = running;
    const stop = new AbortController();
    await client.create(podNamed('p'));
    await client.create(podNamed('q'));
    const { resourceVersion } = await client.list('Pod', { namespace: 'default' });
    const watch = client.watch('Pod', { namespace: 'default', resourceVersion }, stop.signal)[Symbol.asyncIterator]();
    const next = watch.next();
    await damage('pods/default/p');
    expect((await next).value).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'p' } } });
    const sound = await client.get('Pod', { namespace: 'default', name: 'q' });
    await client.patch(
      'Pod',
      { namespace: 'default', name: 'q' },
      { type: 'merge', body: { metadata: { labels: { a: 'b' } } } },
    );
    expect((await watch.next()).value).toMatchObject({
      type: 'MODIFIED',
      object: { metadata: { uid: sound.metadata.uid } },
    });
    await client.delete('Pod', { namespace: 'default', name: 'p' });
    expect(await store.get('pods/default/p')).toBeUndefined();
    stop.abort();
  });
});

describe('lists by an index', () => {
  const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);

  test("a node's pods, and one object by name, are as new as the last write, whoever made it", async () => {
    const { client, store } = running;
    await client.create(podNamed('on-n1'));
    const key = 'pods/default/on-n1';
    for (const node of ['n1', 'n2', 'n1']) {
      const { value } = (await store.get(key))!;
      const pod = JSON.parse(value) as Pod;
      pod.spec!.nodeName = node;
      await store.commit([{ type: 'put', key, value: JSON.stringify(pod) }]);
      const on = async (name: string) =>
        names((await client.list('Pod', { fieldSelector: `spec.nodeName=${name}` })).items);
      expect([await on('n1'), await on('n2')]).toEqual(node === 'n1' ? [['on-n1'], []] : [[], ['on-n1']]);
    }
    const named = { namespace: 'default', fieldSelector: 'metadata.name=on-n1' };
    expect(names((await client.list('Pod', named)).items)).toEqual(['on-n1']);
    expect((await client.list('Pod', { namespace: 'default', fieldSelector: 'metadata.name=on-n' })).items).toEqual([]);
    await store.commit([{ type: 'delete', key }]);
    expect((await client.list('Pod', { fieldSelector: 'spec.nodeName=n1' })).items).toEqual([]);
    expect((await client.list('Pod', named)).items).toEqual([]);
  });

  test('pages of a list by node are of one revision, whatever is written between them', async () => {
    const { client, store } = running;
    const put = (name: string, node: string): Promise<unknown> => {
      const pod = { ...podNamed(name), spec: { ...podNamed(name).spec!, nodeName: node } };
      return store.commit([{ type: 'put', key: `pods/default/${name}`, value: JSON.stringify(pod) }]);
    };
    for (const name of ['r1', 'r2', 'r3', 'r4']) await put(name, 'n3');
    const query = { namespace: 'default', fieldSelector: 'spec.nodeName=n3', limit: 2 };
    const first = await client.list('Pod', query);
    await put('r3', 'n4');
    await put('r5', 'n3');
    await store.commit([{ type: 'delete', key: 'pods/default/r4' }]);
    const second = await client.list('Pod', { ...query, continue: first.continue! });
    expect([names(first.items), names(second.items)]).toEqual([
      ['r1', 'r2'],
      ['r3', 'r4'],
    ]);
    expect(second.resourceVersion).toBe(first.resourceVersion);
    expect(names((await client.list('Pod', query)).items)).toEqual(['r1', 'r2']);
  });
});
