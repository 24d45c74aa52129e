import { sealEnvelope } from '@gantry/model/envelope.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../testing/harness.ts';

let running: TestApi;
let base: string;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

async function ask(method: string, url: string, body?: Buffer | object, type = 'application/json') {
  const response = await fetch(base + url, {
    method,
    headers: { authorization: 'Bearer the-token-of-the-tests', 'content-type': type },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: JSON.parse(await response.text()) as any };
}

test('a call is answered and not stored, in JSON and in protobuf', async () => {
  const expected = {
    ...review,
    status: { userInfo: { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] } },
  };
  expect(await ask('POST', path, review)).toMatchObject({ code: 201, body: expected });
  const bytes = sealEnvelope(review, 'gantry.authentication.v1.SelfSubjectReview', {});
  expect(await ask('POST', path, bytes, 'application/vnd.kubernetes.protobuf')).toMatchObject({
    code: 201,
    body: expected,
  });
  expect((await running.store.list({ prefix: 'selfsubjectreviews' })).entries).toEqual([]);
});

test('nothing else can be done with it, and a body of another kind is refused', async () => {
  expect(await ask('GET', path)).toMatchObject({ code: 405, body: { reason: 'MethodNotAllowed' } });
  expect(await ask('GET', `${path}/x`)).toMatchObject({ code: 404 });
  expect(await ask('POST', path, { ...review, kind: 'TokenReview' })).toMatchObject({ code: 400 });
  expect(await ask('POST', path, { ...review, spec: {} })).toMatchObject({ code: 400 });
});

test('discovery and OpenAPI know it as a kind that can only be created', async () => {
  const { body } = await ask('GET', '/apis/authentication.k8s.io/v1');
  expect(body.resources).toContainEqual(
    expect.objectContaining({ name: 'selfsubjectreviews', namespaced: false, verbs: ['create'] }),
  );
  const document = await ask('GET', '/openapi/v3/apis/authentication.k8s.io/v1');
  expect(Object.keys(document.body.paths[path])).toEqual(['post', 'parameters']);
});
