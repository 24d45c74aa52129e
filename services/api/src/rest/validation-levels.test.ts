import { afterAll, beforeAll, expect, test } from 'vitest';
import { RestClient } from './testing/client.ts';

let client: RestClient;
beforeAll(async () => {
  client = await RestClient.start();
});
afterAll(() => client?.[Symbol.asyncDispose]());

const path = '/apis/apps/v1/namespaces/default/deployments';
const spec =
  '"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"x","foo":1}]}}';
const body = `{"metadata":{"name":"d","xx":1},"spec":{"replicas":1,"replicas":2,"nope":1,${spec}}}`;
const problems = [
  'unknown field "metadata.xx"',
  'duplicate field "spec.replicas"',
  'unknown field "spec.nope"',
  'unknown field "spec.template.spec.containers[0].foo"',
];
const warnings = (headers: { readonly warning?: string | undefined }): string[] =>
  [...(headers.warning ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replace(/\\(.)/g, '$1'));

test('a strict request is refused for every unknown and doubled field', async () => {
  const reply = await client.ask('POST', `${path}?dryRun=All&fieldValidation=Strict`, body);
  expect(reply).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
  for (const problem of problems) expect(reply.body.message).toContain(problem);
});

test.each(['?dryRun=All', '?dryRun=All&fieldValidation=Warn', '?dryRun=All&fieldValidation='])(
  'a request with %s is told of them, and the last value counts',
  async (query) => {
    const reply = await client.ask('POST', path + query, body);
    expect(reply).toMatchObject({ code: 201, body: { spec: { replicas: 2 } } });
    expect(warnings(reply.headers).sort()).toEqual([...problems].sort());
  },
);

test('a request that ignores them is told nothing', async () => {
  const reply = await client.ask('POST', `${path}?dryRun=All&fieldValidation=Ignore`, body);
  expect(reply).toMatchObject({ code: 201, body: { spec: { replicas: 2 } } });
  expect(warnings(reply.headers)).toEqual([]);
});

test('patches are held to the same', async () => {
  await client.ask('POST', `${path}?fieldValidation=Ignore`, body);
  const patch = '{"spec":{"nope":1,"replicas":3,"replicas":4}}';
  for (const type of ['merge-patch', 'strategic-merge-patch']) {
    const headers = { 'content-type': `application/${type}+json` };
    const strict = await client.ask('PATCH', `${path}/d?dryRun=All&fieldValidation=Strict`, patch, headers);
    expect(strict).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    const warned = await client.ask('PATCH', `${path}/d?dryRun=All`, patch, headers);
    expect(warned).toMatchObject({ code: 200, body: { spec: { replicas: 4 } } });
    expect(warnings(warned.headers).sort()).toEqual(['duplicate field "spec.replicas"', 'unknown field "spec.nope"']);
  }
});
