import type { PriorityClass } from '@gantry/model/gen/gantry.scheduling.v1.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const ref = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });

function priorityClass(name: string, value: number, fields: Partial<PriorityClass> = {}): PriorityClass {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, ...fields };
}

/** Makes a pod whose spec says this beside its containers, and gives back what the api made of it. */
async function specOf(name: string, spec: object): Promise<object> {
  const pod = podNamed(name);
  return (await running.client.create({ ...pod, spec: { ...pod.spec, ...spec } })).spec;
}

describe('the priority of pods', () => {
  test('comes from their class, the cluster’s own among them', async () => {
    await running.client.create(priorityClass('high', 1_000, { preemptionPolicy: 'Never' }));
    expect(await specOf('a', { priorityClassName: 'high' })).toMatchObject({
      priority: 1_000,
      preemptionPolicy: 'Never',
    });
    expect(await specOf('b', { priorityClassName: 'system-node-critical' })).toMatchObject({ priority: 2_000_001_000 });
    expect(await specOf('c', {})).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  });

  test.each([
    [{ priorityClassName: 'unknown' }, 'pods "p" is forbidden: no PriorityClass with name unknown was found'],
    [{ priority: 7 }, 'the integer value of priority (7) must not be provided in pod spec'],
    [{ preemptionPolicy: 'Never' }, 'the string value of PreemptionPolicy (Never) must not be provided in pod spec'],
  ])('is not what they say themselves: %j', async (spec, problem) => {
    await expect(specOf('p', spec)).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining(problem),
    });
  });

  test('stays when the manifest is sent again', async () => {
    const { client } = running;
    const { metadata } = await client.get('Pod', ref('a'));
    const pod = podNamed('a');
    const updated = await client.update({ ...pod, metadata: { ...metadata, labels: { a: 'b' } } });
    expect(updated.spec).toMatchObject({ priorityClassName: 'high', priority: 1_000 });
  });

  test('is that of the default class where there is one, of which there is one at most', async () => {
    const { client } = running;
    const made = await Promise.allSettled(
      ['one', 'two', 'three'].map((name, index) =>
        client.create(priorityClass(name, 10 + index, { globalDefault: true })),
      ),
    );
    const [winner, ...more] = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(more).toEqual([]);
    const refused = made.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason.message).toContain(
      `PriorityClass ${winner!.metadata.name} is already marked as default. Only one default can exist`,
    );
    const hear = { timeout: 20_000 };
    await expect
      .poll(async () => {
        await client.delete('Pod', ref('d')).catch(() => undefined);
        return specOf('d', {});
      }, hear)
      .toMatchObject({ priorityClassName: winner!.metadata.name, priority: winner!.value });
    await client.delete('PriorityClass', { name: winner!.metadata.name });
    await client.create(priorityClass('four', 4, { globalDefault: true }));
  }, 30_000);
});

describe('claims', () => {
  test('without a class get the default one, unless they ask for none', async () => {
    const { client } = running;
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const metadata = { name: 'standard', annotations };
    await client.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata,
      provisioner: 'example.com/d',
    });
    const classOf = async (name: string, storageClassName?: string): Promise<string | undefined> => {
      const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
      const claim = await client.create({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: ref(name),
        spec: { ...spec, ...(storageClassName === undefined ? {} : { storageClassName }) },
      });
      return claim.spec.storageClassName;
    };
    expect(await classOf('a')).toBe('standard');
    expect(await classOf('b', 'slow')).toBe('slow');
    expect(await classOf('c', '')).toBe('');
  });
});
