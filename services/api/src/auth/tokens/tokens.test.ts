import { connect } from '@gantry/client/client.ts';
import { tokenCredentials } from '@gantry/client/credentials.ts';
import { openEnvelope, protobufMediaType, sealEnvelope } from '@gantry/model/envelope.ts';
import type { Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { podNamed, startTestApi, type TestApi } from '../../testing/harness.ts';

// The token subresource, tokens in use, and their reviews, over the REST edge as kubectl and client libraries use them.

let running: TestApi;
let base: string;
let round = 0;
let uid: string;
beforeAll(async () => {
  running = await startTestApi({ rest: '127.0.0.1:0', trustNetwork: false });
  base = `http://127.0.0.1:${running.api.restPort}`;
});
afterAll(() => running?.[Symbol.asyncDispose]());

const admin = 'the-token-of-the-tests';
const issuer = 'https://kubernetes.default.svc.cluster.local';
const own = (name: string): string => `${name}-${round}`;

async function ask(method: string, path: string, body?: object, bearer = admin) {
  const response = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
  return { code: response.status, body: JSON.parse(await response.text()) as any };
}

const request = (spec: object, name = own('bot')) =>
  ask('POST', `/api/v1/namespaces/default/serviceaccounts/${name}/token`, { spec });
const tokenFor = async (spec: object = {}): Promise<string> => (await request(spec)).body.status.token;
const review = async (token: string, audiences?: string[]) =>
  (await ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } })).body.status;
/** The answer to a request that only administrators may make: 403 for a user that is known, 401 for nobody. */
const use = (token: string) => ask('GET', '/api/v1/namespaces', undefined, token);
const known = { code: 403 };
const nobody = { code: 401 };

const createPod = (name: string, node?: string) => {
  const pod = podNamed(name);
  return running.client.create({
    ...pod,
    spec: { ...pod.spec, serviceAccountName: own('bot'), ...(node ? { nodeName: node } : {}) },
  });
};

beforeEach(async () => {
  round++;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: own('bot'), namespace: 'default' } };
  uid = String((await running.client.create<KubeObject>(account)).metadata.uid);
});

describe('a token request', () => {
  test('gives a token with the claims that Kubernetes writes', async () => {
    const { code, body } = await request({});
    expect({ code, body }).toMatchObject({
      code: 201,
      body: {
        kind: 'TokenRequest',
        metadata: { name: own('bot'), namespace: 'default', uid },
        spec: { audiences: [issuer], expirationSeconds: 3_600, boundObjectRef: null },
      },
    });
    const { exp, iat, jti, nbf, ...claims } = decodeJwt(body.status.token);
    expect(claims).toEqual({
      aud: [issuer],
      iss: issuer,
      sub: `system:serviceaccount:default:${own('bot')}`,
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: own('bot'), uid } },
    });
    expect(exp! - iat!).toBe(3_600);
    expect([nbf, jti]).toEqual([iat, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const { keys } = (await ask('GET', '/openid/v1/jwks')).body;
    expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual([decodeProtectedHeader(body.status.token).kid]);
    const discovered = (await ask('GET', '/.well-known/openid-configuration')).body;
    expect(discovered).toMatchObject({ issuer, jwks_uri: `https://${new URL(base).host}/openid/v1/jwks` });
  });

  test('in protobuf, as kubectl sends it, is answered in either form', async () => {
    const bytes = sealEnvelope(
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
      'gantry.authentication.v1.TokenRequest',
      { spec: { expirationSeconds: 900 }, status: {} },
    );
    const response = await fetch(`${base}/api/v1/namespaces/default/serviceaccounts/${own('bot')}/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': protobufMediaType, accept: protobufMediaType },
      body: new Uint8Array(bytes),
    });
    expect(response.status).toBe(201);
    const answer = openEnvelope(
      Buffer.from(await response.arrayBuffer()),
      () => 'gantry.authentication.v1.TokenRequest',
    );
    expect(answer).toMatchObject({ kind: 'TokenRequest', fields: { spec: { expirationSeconds: 900 } } });
  });

  test('over gRPC gives the same, and a dry run gives none', async () => {
    const { status, spec } = await running.client.requestToken(
      { namespace: 'default', name: own('bot') },
      { audiences: ['vault'], expirationSeconds: 600 },
    );
    expect(spec).toMatchObject({ audiences: ['vault'], expirationSeconds: 600 });
    expect(decodeJwt(status.token).aud).toEqual(['vault']);
    const path = `/api/v1/namespaces/default/serviceaccounts/${own('bot')}/token?dryRun=All`;
    expect((await ask('POST', path, {})).body.status.token).toBe('');
  });

  test.each([
    [{ expirationSeconds: 60 }, 422, 'may not specify a duration less than 10 minutes'],
    [{ expirationSeconds: 2 ** 32 + 1 }, 422, 'may not specify a duration larger than 2^32 seconds'],
    [
      { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } },
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [{ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } }, 404, 'pods "none" not found'],
    [{ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: '../x' } }, 404, 'secrets "../x" not found'],
    [{ lifetime: 5 }, 400, 'unknown field "spec.lifetime"'],
  ])('for %j is refused', async (spec, code, message) => {
    const answer = await request(spec);
    expect(answer).toMatchObject({ code });
    expect(answer.body.message).toContain(message);
  });

  test('for another account than that of the pod, of another incarnation, or of none is refused', async () => {
    const reference = { kind: 'Pod', apiVersion: 'v1', name: own('p') };
    const pod = await running.client.create(podNamed(own('p')));
    expect((await request({ boundObjectRef: reference })).body.message).toContain('different serviceaccount name');
    await running.client.delete('Pod', pod.metadata, { gracePeriodSeconds: 0 });
    await createPod(own('p'));
    expect(await request({ boundObjectRef: { ...reference, uid: pod.metadata.uid } })).toMatchObject({ code: 409 });
    expect((await request({}, 'nobody')).body.message).toBe('serviceaccounts "nobody" not found');
  });
});

describe('a token in use', () => {
  test('names its account, over REST and gRPC alike', async () => {
    const token = await tokenFor();
    expect(await use(token)).toMatchObject(known);
    expect((await review(token)).user).toMatchObject({
      username: `system:serviceaccount:default:${own('bot')}`,
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    using client = connect(running.api.address, { credentials: tokenCredentials(() => token) });
    await expect(client.get('Secret', { namespace: 'default', name: 'x' })).rejects.toThrow(
      `User "system:serviceaccount:default:${own('bot')}" cannot get resource "secrets"`,
    );
    // Each change of a batch is authorized on its own.
    const deletion = { type: 'delete', kind: 'Secret', name: { namespace: 'default', name: 'x' } } as const;
    const patch = { type: 'merge', body: {} } as const;
    const refused = await client.changeBatch([deletion, { ...deletion, type: 'patch', patch }]);
    expect(refused.map(({ reason }) => reason)).toEqual(['Forbidden', 'Forbidden']);
    const allowed = await running.client.changeBatch([deletion, { ...deletion, type: 'patch', patch }]);
    expect(allowed.map(({ reason }) => reason)).toEqual(['NotFound', 'NotFound']);
  });

  test('with a changed claim, a foreign key, or no signature is nobody', async () => {
    const [header, payload, signature] = (await tokenFor()).split('.');
    const claims = { ...decodeJwt(`${header}.${payload}.`), sub: 'system:serviceaccount:kube-system:root' };
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const token of [
      `${header}.${changed}.${signature}`,
      `${none}.${payload}.`,
      `${header}.${payload}.`,
      'a.b.c',
    ]) {
      expect(await use(token), token).toMatchObject(nobody);
    }
  });

  test('that is meant for others is refused by the api, and known to its review', async () => {
    const token = await tokenFor({ audiences: ['vault', 'other'] });
    expect(await use(token)).toMatchObject({
      code: 401,
      body: {
        message: `Unauthorized: token audiences ["vault" "other"] is invalid for the target audiences ["${issuer}"]`,
      },
    });
    expect(await review(token, ['vault', 'x'])).toMatchObject({ authenticated: true, audiences: ['vault'] });
    expect(await review(token)).toEqual({
      user: {},
      error: `[invalid bearer token, token audiences ["vault" "other"] is invalid for the target audiences ["${issuer}"]]`,
    });
  });

  test('ends with its pod, and tells of pod and node until then', async () => {
    const node = await running.client.create<KubeObject>({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: own('n') },
    });
    const pod = await createPod(own('p'), own('n'));
    const token = await tokenFor({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: own('p') } });
    const { jti } = decodeJwt(token);
    expect(await use(token)).toMatchObject(known);
    expect((await review(token)).user.extra).toEqual({
      'authentication.kubernetes.io/credential-id': [`JTI=${jti}`],
      'authentication.kubernetes.io/node-name': [own('n')],
      'authentication.kubernetes.io/node-uid': [node.metadata.uid],
      'authentication.kubernetes.io/pod-name': [own('p')],
      'authentication.kubernetes.io/pod-uid': [pod.metadata.uid],
    });
    await running.client.delete('Node', node.metadata);
    expect(await use(token)).toMatchObject(known);
    await running.client.delete('Pod', pod.metadata, { gracePeriodSeconds: 0 });
    await expect
      .poll(async () => (await use(token)).body.message)
      .toBe('Unauthorized: invalid bearer token: its pod is gone');
    // Another pod of the same name is not it.
    await createPod(own('p'), own('n'));
    expect(await use(token)).toMatchObject(nobody);
  });

  test('ends with its account, whatever takes the name', async () => {
    const token = await tokenFor();
    expect(await use(token)).toMatchObject(known);
    const account = { namespace: 'default', name: own('bot') };
    await running.client.delete('ServiceAccount', account);
    await running.client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    await expect.poll(async () => (await use(token)).code).toBe(401);
    expect((await review(token)).error).toBe('invalid bearer token: its service account is gone');
  });
});

test('a review knows the administrator, refuses nonsense, and wants a token', async () => {
  expect(await review(admin)).toMatchObject({ authenticated: true, user: { username: 'system:admin' } });
  expect(await review('nonsense')).toEqual({ user: {}, error: 'invalid bearer token' });
  expect(await review('a.b.c\n')).toEqual({ user: {}, error: 'invalid bearer token' });
  expect(await ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} })).toMatchObject({ code: 400 });
});

describe("a Secret with an account's token", () => {
  const create = (name: string, account: string) =>
    running.client.create<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': account } },
      type: 'kubernetes.io/service-account-token',
    });
  const textOf = ({ data = {} }: Secret, key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();

  test('is filled with one that lasts as long as the Secret', async () => {
    const secret = await create(own('s'), own('bot'));
    expect(secret.metadata.annotations).toMatchObject({ 'kubernetes.io/service-account.uid': uid });
    expect(textOf(secret, 'namespace')).toBe('default');
    const token = textOf(secret, 'token');
    expect(decodeJwt(token)).toMatchObject({
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/secret.name': own('s'),
    });
    expect((await review(token)).user).toMatchObject({ username: `system:serviceaccount:default:${own('bot')}`, uid });
    await running.client.delete('Secret', { namespace: 'default', name: own('s') });
    await expect.poll(async () => (await use(token)).code).toBe(401);
  });

  test('goes with its account, and stays empty without one', async () => {
    const secret = await create(own('s'), own('bot'));
    const other = await create(own('t'), 'nobody');
    expect(textOf(other, 'token')).toBe('');
    await running.client.delete('ServiceAccount', { namespace: 'default', name: own('bot') });
    await expect(running.client.get('Secret', secret.metadata)).rejects.toThrow('not found');
    await running.client.get('Secret', other.metadata);
    await expect.poll(async () => (await use(textOf(secret, 'token'))).code).toBe(401);
  });
});

describe('a bootstrap token', () => {
  const create = (id: string, data: Record<string, string>) =>
    running.client.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        'token-id': id,
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
        ...data,
      },
    });
  const later = new Date(Date.now() + 3_600_000).toISOString();

  test('names who may ask for an identity', async () => {
    await create('abcdef', { expiration: later, 'auth-extra-groups': 'system:bootstrappers:nodes' });
    expect(await use('abcdef.0123456789abcdef')).toMatchObject(known);
    expect((await review('abcdef.0123456789abcdef')).user).toEqual({
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:bootstrappers:nodes', 'system:authenticated'],
    });
    expect(await use('abcdef.0123456789abcdee')).toMatchObject(nobody);
    await running.client.delete('Secret', { namespace: 'kube-system', name: 'bootstrap-token-abcdef' });
    expect(await use('abcdef.0123456789abcdef')).toMatchObject(nobody);
  });

  test.each([
    ['late00', { expiration: '2020-01-01T00:00:00Z' }],
    ['odd000', { expiration: 'soon' }],
    ['other0', { 'token-id': 'abcdef' }],
    ['usage0', { 'usage-bootstrap-authentication': 'false' }],
    ['group0', { 'auth-extra-groups': 'system:masters' }],
  ])('%s, whose Secret has %j, is nobody', async (id, data) => {
    await create(id, data);
    expect(await use(`${id}.0123456789abcdef`)).toMatchObject(nobody);
  });
});
