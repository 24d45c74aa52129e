import { afterAll, beforeAll, expect, test } from 'vitest';
import { RestClient } from '../testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client.running[Symbol.asyncDispose]());

const path = '/api/v1/componentstatuses';

test('the parts of the control plane are told to be well where they are', async () => {
  const listed = await client.ask('GET', path);
  expect(listed.code).toBe(200);
  expect(listed.body).toMatchObject({ kind: 'ComponentStatusList', apiVersion: 'v1' });
  const healthy = (body: { items: { metadata: { name: string }; conditions: { status: string }[] }[] }) =>
    Object.fromEntries(body.items.map(({ metadata, conditions }) => [metadata.name, conditions[0]!.status]));
  expect(healthy(listed.body)).toEqual({ 'controller-manager': 'False', scheduler: 'False', store: 'True' });
  const now = new Date().toISOString().replace('Z', '000Z');
  await client.running.client.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'gantry-scheduler', namespace: 'kube-system' },
    spec: { holderIdentity: 'me', leaseDurationSeconds: 3_600, renewTime: now },
  });
  expect(healthy((await client.ask('GET', path)).body)).toMatchObject({ scheduler: 'True' });
});

test('one of them can be got, as a table too, and none can be made', async () => {
  expect((await client.ask('GET', `${path}/store`)).body).toMatchObject({
    kind: 'ComponentStatus',
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  });
  const table = await client.ask('GET', `${path}/store`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  expect(table.body.rows[0].cells).toEqual(expect.arrayContaining(['store', 'Healthy', 'ok']));
  expect((await client.ask('GET', `${path}/nothing`)).code).toBe(404);
  expect((await client.ask('GET', `${path}?fieldSelector=metadata.name%3Dstore`)).body.items).toHaveLength(1);
  const made = { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'x' } };
  expect((await client.ask('POST', path, made)).code).toBe(405);
  const { body } = await client.ask('GET', '/api/v1');
  expect(body.resources.find(({ name }: { name: string }) => name === 'componentstatuses')).toMatchObject({
    verbs: ['get', 'list'],
    shortNames: ['cs'],
    namespaced: false,
  });
});
