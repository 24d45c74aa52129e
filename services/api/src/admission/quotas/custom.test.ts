import { expect, test } from 'vitest';
import { define, mergePatch, widgetDefinition } from '../../custom/testing.ts';
import { RestClient } from '../../rest/testing/client.ts';

test('objects of definitions are counted as all others are', async () => {
  await using client = await RestClient.start();
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await define(client, widgetDefinition({ versions: [{ name: 'v1', served: true, storage: true, schema }] }));
  const quotas = '/api/v1/namespaces/default/resourcequotas';
  const hard = { 'count/widgets.example.com': '1' };
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard } };
  expect((await client.ask('POST', quotas, quota)).code).toBe(201);
  const status = { status: { hard, used: { 'count/widgets.example.com': '0' } } };
  await client.ask('PATCH', `${quotas}/q/status`, status, mergePatch);
  const make = (name: string): ReturnType<RestClient['ask']> => {
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } };
    return client.ask('POST', '/apis/example.com/v1/namespaces/default/widgets', widget);
  };
  expect((await make('a')).code).toBe(201);
  const bounds =
    'requested: count/widgets.example.com=1, used: count/widgets.example.com=1, limited: count/widgets.example.com=1';
  expect(await make('b')).toMatchObject({
    code: 403,
    body: { message: `widgets.example.com "b" is forbidden: exceeded quota: q, ${bounds}` },
  });
});
