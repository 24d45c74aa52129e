import type { AnyKind, ScaleChange } from '@gantry/client/api.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { define, widgetDefinition } from '../custom/testing.ts';
import { RestClient } from '../rest/testing/client.ts';
import { podNamed, type TestApi } from '../testing/harness.ts';

let running: TestApi;
let rest: RestClient;
beforeAll(async () => {
  rest = await RestClient.start();
  running = rest.running;
});
afterAll(() => running[Symbol.asyncDispose]());

const name = { namespace: 'default', name: 'w' };

test('the scale of a Deployment and of an object of a definition', async () => {
  const labels = { a: 'b' };
  const deployment = await running.client.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: name,
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podNamed('p').spec },
    },
  });
  const { uid } = deployment.metadata as { readonly uid?: string };
  expect(await running.client.getScale('Deployment', name)).toEqual({
    uid,
    replicas: 3,
    currentReplicas: 0,
    selector: 'a=b',
  });
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { scale } };
  await define(rest, widgetDefinition({ versions: [version] }));
  const body = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { size: 7 } };
  const made = await rest.ask('POST', '/apis/example.com/v1/namespaces/default/widgets', body);
  expect(await running.client.getScale('widgets.example.com', name)).toEqual({
    uid: made.body.metadata.uid,
    replicas: 7,
    currentReplicas: 0,
    selector: '',
  });
});

test('no scale of a kind that has none, and none of an object that does not exist', async () => {
  await running.client.create(podNamed('w'));
  expect(await running.client.getScale('Pod', name)).toBeUndefined();
  await expect(running.client.getScale('ReplicaSet', { ...name, name: 'nobody' })).rejects.toMatchObject({
    reason: 'NotFound',
  });
});

test('the replicas of a Deployment and of an object of a definition are set', async () => {
  const before = await running.client.getScale('Deployment', name);
  const change = { uid: before!.uid, expectedReplicas: 3, replicas: 5 };
  expect(await running.client.updateScale('Deployment', name, change)).toEqual({ ...before, replicas: 5 });
  const { spec, metadata } = await running.client.get('Deployment', name);
  expect(spec.replicas).toBe(5);
  expect(metadata.managedFields?.some(({ subresource }) => subresource === 'scale')).toBe(true);
  await running.client.updateScale('widgets.example.com', name, { replicas: 0 });
  expect(await running.client.getScale('widgets.example.com', name)).toMatchObject({ replicas: 0 });
  await running.client.updateScale('widgets.example.com', name, { expectedReplicas: 0, replicas: 2 });
  const dry = await running.client.updateScale('Deployment', name, { replicas: 9 }, { dryRun: true });
  expect(dry.replicas).toBe(9);
  expect(await running.client.getScale('Deployment', name)).toMatchObject({ replicas: 5 });
});

test('no replicas are set where the object is not as it was, has no scale or does not exist', async () => {
  const set = (change: ScaleChange, kind: AnyKind = 'Deployment', of = name) =>
    expect(running.client.updateScale(kind, of, change)).rejects;
  await set({ expectedReplicas: 4, replicas: 1 }).toMatchObject({
    reason: 'Conflict',
    message: expect.stringContaining('it asks for 5 replicas, not 4'),
  });
  await set({ uid: 'another', replicas: 1 }).toMatchObject({ reason: 'Conflict' });
  await set({ replicas: -1 }).toMatchObject({ reason: 'Invalid', message: expect.stringContaining('spec.replicas') });
  await set({ replicas: 1 }, 'Pod').toMatchObject({
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  });
  await set({ replicas: 1 }, 'Deployment', { ...name, name: 'nobody' }).toMatchObject({ reason: 'NotFound' });
  expect(await running.client.getScale('Deployment', name)).toMatchObject({ replicas: 5 });
});
