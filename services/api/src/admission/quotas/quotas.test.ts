import type { Namespace, ResourceQuota, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../testing/harness.ts';
import { configMap, countedQuota, usedIn } from './testing.ts';

let running: TestApi;
beforeEach(async () => {
  running = await startTestApi();
});
afterEach(() => running[Symbol.asyncDispose]());

const count = async (namespace = 'default'): Promise<number> =>
  (await running.client.list('ConfigMap', { namespace })).items.length;

describe('a quota', () => {
  test('is filled to the last by 64 creators at once, and no further', async () => {
    const { client } = running;
    await countedQuota(client, 40);
    const tries = Array.from({ length: 64 }, (_, index) => client.create(configMap(`c${index}`)));
    const outcomes = await Promise.allSettled(tries);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect([await count(), await usedIn(client), refused.length]).toEqual([40, 40, 24]);
    const problem =
      'exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=40, limited: count/configmaps=40';
    for (const error of refused)
      expect(error).toMatchObject({ reason: 'Forbidden', message: expect.stringContaining(problem) });
  });

  test('takes a batch as far as it goes, in few commits, and tells each of the others why', async () => {
    const { client } = running;
    await countedQuota(client, 30);
    const before = (await running.store.list({ prefix: '', limit: 1 })).revision;
    const results = await client.createBatch(Array.from({ length: 50 }, (_, index) => configMap(`c${index}`)));
    expect(results.filter(({ code }) => code === 0)).toHaveLength(30);
    expect(results.slice(30).map(({ reason }) => reason)).toEqual(Array(20).fill('Forbidden'));
    expect([await count(), await usedIn(client)]).toEqual([30, 30]);
    // One revision for each object and one for the quota.
    expect((await running.store.list({ prefix: '', limit: 1 })).revision - before).toBe(31);
    const entries = [...(await running.store.list({ prefix: 'configmaps/default/' })).entries];
    const quota = await running.store.get('resourcequotas/default/q');
    expect(Math.max(...entries.map(({ revision }) => revision))).toBeLessThan(quota!.revision);
  });

  test('is not charged for what is refused, is only tried, or is there already', async () => {
    const { client } = running;
    await countedQuota(client, 2);
    await client.create(configMap('a'));
    await expect(client.create(configMap('a'))).rejects.toMatchObject({ reason: 'AlreadyExists' });
    await expect(client.create({ ...configMap('b'), data: { 'a b': 'x' } })).rejects.toMatchObject({
      reason: 'Invalid',
    });
    await client.create(configMap('b'), { dryRun: true });
    expect(await usedIn(client)).toBe(1);
    await client.create(configMap('b'));
    await expect(client.create(configMap('c'), { dryRun: true })).rejects.toThrow('exceeded quota');
    expect([await count(), await usedIn(client)]).toEqual([2, 2]);
  });

  test('that is new is known to whoever creates after it, and changes with all that its first count must not miss', async () => {
    const { client, store } = running;
    const namespace = await client.get('Namespace', { name: 'default' });
    const hard = { 'count/configmaps': '1' };
    const metadata = { name: 'q', namespace: 'default' };
    const quota: ResourceQuota = await client.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      spec: { hard },
    });
    const touched: Namespace = await client.get('Namespace', { name: 'default' });
    expect(Number(touched.metadata.resourceVersion)).toBeGreaterThan(Number(namespace.metadata.resourceVersion));
    expect({ ...touched, metadata: { ...touched.metadata, resourceVersion: '' } }).toEqual({
      ...namespace,
      metadata: { ...namespace.metadata, resourceVersion: '' },
    });
    const [a, b] = [await client.create(configMap('a')), await client.create(configMap('b'))];
    const after = await store.get('resourcequotas/default/q');
    expect(after!.revision).toBeGreaterThan(Number(b.metadata.resourceVersion));
    expect(Number(b.metadata.resourceVersion)).toBeGreaterThan(Number(a.metadata.resourceVersion));
    // A count that knows nothing of them comes too late.
    const status = { hard, used: { 'count/configmaps': '0' } };
    await expect(client.updateStatus({ ...quota, status })).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('of node ports counts services that come to need them', async () => {
    const { client } = running;
    const metadata = { name: 'q', namespace: 'default' };
    const hard = { 'services.nodeports': '2' };
    const made: ResourceQuota = await client.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      spec: { hard },
    });
    await client.updateStatus({ ...made, status: { hard, used: { 'services.nodeports': '0' } } });
    const spec: Service['spec'] = {
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
    };
    for (const name of ['a', 'b']) {
      await client.create<Service>({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default' },
        spec,
      });
    }
    const expose = (name: string) =>
      client.patch('Service', { namespace: 'default', name }, { type: 'merge', body: { spec: { type: 'NodePort' } } });
    const outcomes = await Promise.allSettled([expose('a'), expose('b')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { status } = await client.get('ResourceQuota', { namespace: 'default', name: 'q' });
    expect(status?.used).toEqual({ 'services.nodeports': '2' });
  });
});
