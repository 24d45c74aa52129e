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
