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
  expect(await running.client.getScale('Deployment', name)).toEqual({ uid, replicas: 3 });
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { scale } };
  await define(rest, widgetDefinition({ versions: [version] }));
  const body = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { size: 7 } };
  const made = await rest.ask('POST', '/apis/example.com/v1/namespaces/default/widgets', body);
  expect(await running.client.getScale('widgets.example.com', name)).toEqual({
    uid: made.body.metadata.uid,
    replicas: 7,
  });
});

test('no scale of a kind that has none, and none of an object that does not exist', async () => {
  await running.client.create(podNamed('w'));
  expect(await running.client.getScale('Pod', name)).toBeUndefined();
  await expect(running.client.getScale('ReplicaSet', { ...name, name: 'nobody' })).rejects.toMatchObject({
    reason: 'NotFound',
  });
});
