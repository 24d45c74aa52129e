import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RestClient } from './testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client?.[Symbol.asyncDispose]());

const path = '/api/v1/namespaces/kube-public/configmaps';
const left = async (): Promise<string[]> =>
  (await client.ask('GET', path)).body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);

beforeEach(async () => {
  await client.ask('DELETE', path);
  for (const name of ['a', 'b', 'c', 'd']) {
    await client.ask('POST', path, { metadata: { name, labels: { half: name < 'c' ? '1' : '2' } } });
  }
});

test('an object that is gone is answered with a Status that names it', async () => {
  const { metadata } = (await client.ask('GET', `${path}/a`)).body;
  const reply = await client.ask('DELETE', `${path}/a`);
  const details = { name: 'a', kind: 'configmaps', uid: metadata.uid };
  expect(reply.body).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
});

test('a kind whose deletion returns the object does so', async () => {
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await client.ask('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec });
  expect((await client.ask('DELETE', '/api/v1/namespaces/default/pods/p')).body).toMatchObject({ kind: 'Pod' });
});

test('the older form of a policy is obeyed, and says that the end is to come', async () => {
  const body = { apiVersion: 'apps/v1', kind: 'DeleteOptions', orphanDependents: true };
  expect(await client.ask('DELETE', `${path}/a`, body)).toMatchObject({
    code: 200,
    body: { kind: 'ConfigMap', metadata: { finalizers: ['orphan'] } },
  });
  expect((await client.ask('DELETE', `${path}/b?orphanDependents=false`)).body).toMatchObject({ kind: 'Status' });
  await client.ask(
    'PATCH',
    `${path}/a`,
    { metadata: { finalizers: null } },
    { 'content-type': 'application/merge-patch+json' },
  );
});

test('a collection goes as far as selectors and a limit reach, and is answered as a list', async () => {
  const tried = await client.ask('DELETE', `${path}?dryRun=All`);
  expect([tried.body.kind, tried.body.items.length, (await left()).length]).toEqual(['ConfigMapList', 4, 4]);
  const half = await client.ask('DELETE', `${path}?labelSelector=half%3D1`);
  expect(half).toMatchObject({ code: 200, body: { kind: 'ConfigMapList', items: [{}, {}] } });
  expect(await left()).toEqual(['c', 'd']);
  const one = await client.ask('DELETE', `${path}?limit=1`);
  expect(one.body.metadata.continue).toMatch(/./);
  expect(await left()).toEqual(['d']);
});

test('a precondition that does not hold stops a collection', async () => {
  const reply = await client.ask('DELETE', path, { preconditions: { uid: 'zzz' } });
  expect(reply).toMatchObject({ code: 409, body: { reason: 'Conflict', message: expect.stringContaining('zzz') } });
  expect(await left()).toEqual(['a', 'b', 'c', 'd']);
});

test.each([
  [
    { propagationPolicy: 'Foo' },
    422,
    'propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
  ],
  [
    { propagationPolicy: 'Orphan', orphanDependents: true },
    422,
    'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
  ],
  [{ dryRun: ['Foo'] }, 422, 'dryRun: Unsupported value: ["Foo"]: supported values: "All"'],
  [
    { ignoreStoreReadErrorWithClusterBreakingPotential: true },
    422,
    'ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true',
  ],
  [
    { gracePeriodSeconds: 'x' },
    400,
    'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
  ],
  [{ preconditions: [] }, 400, 'json: cannot unmarshal array'],
  [{ dryRun: 'All' }, 400, 'json: cannot unmarshal string'],
])('%j is refused', async (options, code, message) => {
  for (const target of [`${path}/a`, path]) {
    const reply = await client.ask('DELETE', target, options);
    expect([reply.code, reply.body.message]).toEqual([code, expect.stringContaining(message)]);
  }
  expect(await left()).toEqual(['a', 'b', 'c', 'd']);
});
