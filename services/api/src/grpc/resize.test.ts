import { afterAll, beforeAll, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../testing/harness.ts';

let running: TestApi;
beforeAll(async () => {
  running = await startTestApi();
});
afterAll(() => running[Symbol.asyncDispose]());

const resources = (cpu: string): { requests: Record<string, string> } => ({ requests: { cpu } });

test('a pod is resized by a patch and by a replacement, and the generation counts', async () => {
  const before = podNamed('resized');
  before.spec.containers[0]!.resources = resources('1');
  const { metadata, spec } = await running.client.create(before);
  const name = { namespace: metadata.namespace!, name: metadata.name };
  const patched = await running.client.patch('Pod', name, {
    type: 'strategic',
    body: { spec: { containers: [{ name: spec.containers[0]!.name, resources: resources('2') }] } },
    subresource: 'resize',
  });
  expect(patched.spec.containers[0]!.resources).toEqual(resources('2'));
  const wanted = structuredClone(patched);
  wanted.spec.containers[0]!.resources = resources('3');
  wanted.spec.containers[0]!.image = 'other';
  const replaced = await running.client.update(wanted, { subresource: 'resize' });
  expect(replaced.spec.containers[0]).toEqual({ ...patched.spec.containers[0], resources: resources('3') });
  expect(replaced.metadata.generation).toBe(3);
});

test('the pod itself takes no other resources', async () => {
  const pod = await running.client.create(podNamed('fixed'));
  pod.spec.containers[0]!.resources = resources('1');
  await expect(running.client.update(pod)).rejects.toMatchObject({ reason: 'Invalid' });
});

test('a quota counts what a resize asks for more, and a range bounds it', async () => {
  const { client } = running;
  const namespace = 'bounded';
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const pod = podNamed('held', { namespace, cpu: '300m' });
  await client.create(pod);
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace } } as const;
  const made = await client.create({ ...quota, spec: { hard: { cpu: '800m' } } });
  await client.updateStatus({ ...made, status: { hard: { cpu: '800m' }, used: { cpu: '300m' } } });
  const resize = (cpu: string) =>
    client.patch(
      'Pod',
      { namespace, name: 'held' },
      {
        type: 'strategic',
        body: { spec: { containers: [{ name: 'main', resources: resources(cpu) }] } },
        subresource: 'resize',
      },
    );
  await expect(resize('900m')).rejects.toThrow(
    'exceeded quota: q, requested: cpu=600m, used: cpu=300m, limited: cpu=800m',
  );
  await resize('700m');
  expect((await client.get('ResourceQuota', { namespace, name: 'q' })).status?.used).toEqual({ cpu: '700m' });
  const limits = [{ type: 'Container', min: { cpu: '800m' } }];
  const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l', namespace }, spec: { limits } } as const;
  await client.create(range);
  await expect(resize('750m')).rejects.toThrow('minimum cpu usage per Container is 800m, but request is 750m');
});
