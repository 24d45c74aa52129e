import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAuthority, issue, type KeyPair } from '@gantry/pki/authority.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { RestClient } from '../rest/testing/client.ts';

/** For machines with much else to do. */
const patient = { timeout: 20_000 };
const services = '/apis/apiregistration.k8s.io/v1/apiservices';
const name = 'v1alpha1.wardle.example.com';
const path = '/apis/wardle.example.com/v1alpha1';

const owned = new AsyncDisposableStack();
let rest: RestClient;
let authority: KeyPair;
let server: Server;
/** Requests that the server got, but for those of the aggregator itself. */
const seen: IncomingMessage[] = [];

const flunders = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'wardle.example.com/v1alpha1',
  resources: [
    {
      name: 'flunders',
      singularName: 'flunder',
      namespaced: true,
      kind: 'Flunder',
      verbs: ['create', 'get', 'list', 'watch'],
    },
    { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
  ],
};

const openApi2 = {
  swagger: '2.0',
  paths: {
    [`${path}/flunders`]: { get: { responses: { 200: { schema: { $ref: '#/definitions/com.example.Flunder' } } } } },
    '/apis/wardle.example.com/': { get: {} },
  },
  definitions: {
    'com.example.Flunder': { type: 'object', properties: { metadata: { $ref: '#/definitions/io.k8s.Other' } } },
    'io.k8s.Other': { type: 'object' },
    unused: { type: 'string' },
  },
};

/** A small api server. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '';
  const send = (value: unknown, code = 200): void => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  if (request.headers['x-remote-user'] !== 'system:kube-aggregator') seen.push(request);
  if (url === path) return send(flunders);
  if (url === '/openapi/v2') return send(openApi2);
  if (url === '/openapi/v3')
    return send({ paths: { [path.slice(1)]: { serverRelativeURL: `/openapi/v3${path}?hash=AB` } } });
  if (url.startsWith('/openapi/v3/')) return send({ openapi: '3.0.0', info: { title: 'wardle' } });
  if (url.startsWith(`${path}/moved`)) return void response.writeHead(302, { location: '/elsewhere' }).end();
  if (url.includes('watch=1')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const type of ['ADDED', 'MODIFIED']) response.write(`${JSON.stringify({ type, object: {} })}\n`);
    return;
  }
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
  send({ kind: 'Flunder', method: request.method, url, body }, request.method === 'POST' ? 201 : 200);
}

const ask = (method: string, url: string, body?: unknown, headers: Record<string, string> = {}) =>
  rest.ask(method, url, body, headers);

function apiService(spec: object = {}): object {
  return {
    metadata: { name },
    spec: {
      group: 'wardle.example.com',
      version: 'v1alpha1',
      groupPriorityMinimum: 2_000,
      versionPriority: 200,
      service: { namespace: 'default', name: 'wardle', port: (server.address() as AddressInfo).port },
      caBundle: Buffer.from(authority.cert).toString('base64'),
      ...spec,
    },
  };
}

/** The group of the server in a list of discovery. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as clients do
const wardleIn = ({ items }: { items: any[] }) => items.find(({ metadata }) => metadata.name === 'wardle.example.com');

const conditionOf = async (): Promise<{ status?: string; reason?: string; message?: string }> =>
  (await ask('GET', `${services}/${name}`)).body.status?.conditions?.[0] ?? {};

beforeAll(async () => {
  authority = await createAuthority('wardle-ca', Date.now());
  const pair = await issue(
    authority,
    { commonName: 'wardle', dns: ['wardle.default.svc'], uses: ['server'] },
    Date.now(),
  );
  server = createServer({ ...pair, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    void answer(request, response);
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    seen.push(request);
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (text) => client.send(`echo ${text}`));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  rest = owned.use(await RestClient.start());
});

afterAll(() => owned.disposeAsync());

test('versions that the api itself serves have services from the start, but for their own group', async () => {
  const { body } = await ask('GET', services);
  const names = body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  expect(names).toEqual(expect.arrayContaining(['v1.', 'v1.apps', 'v2.autoscaling', 'v1.apiextensions.k8s.io']));
  expect(names).not.toContain('v1.apiregistration.k8s.io');
  expect(body.items.find((each: { metadata: { name: string } }) => each.metadata.name === 'v1.apps')).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
    status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
  });
});

test('a definition has a service for each version that it serves, for as long as it does', async () => {
  const version = { served: true, schema: { openAPIV3Schema: { type: 'object' } } };
  await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'widgets.own.example.com' },
    spec: {
      group: 'own.example.com',
      scope: 'Cluster',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        { ...version, name: 'v1', storage: true },
        { ...version, name: 'v2', storage: false, served: false },
      ],
    },
  });
  const codes = async () =>
    Promise.all(['v1', 'v2'].map(async (each) => (await ask('GET', `${services}/${each}.own.example.com`)).code));
  await expect.poll(codes, patient).toEqual([200, 404]);
  const { body } = await ask('GET', `${services}/v1.own.example.com`);
  expect(body).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
    spec: { groupPriorityMinimum: 1_000, versionPriority: 100 },
  });
  await ask('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.own.example.com');
  await expect.poll(codes, patient).toEqual([404, 404]);
});

describe('a version of another server', () => {
  test('is not available without a service, and says why', async () => {
    expect((await ask('POST', services, apiService())).code).toBe(201);
    await expect.poll(conditionOf, patient).toMatchObject({
      status: 'False',
      reason: 'ServiceNotFound',
      message: 'service/wardle in "default" is not present',
    });
    const refused = await ask('GET', `${path}/flunders`);
    expect([refused.code, refused.body]).toEqual([503, 'service unavailable\n']);
    const { body } = await ask('GET', '/apis');
    expect(body.groups.map((group: { name: string }) => group.name)).toContain('wardle.example.com');
    const stale = await ask('GET', '/apis', undefined, {
      accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    });
    expect(wardleIn(stale.body)).toMatchObject({
      metadata: { name: 'wardle.example.com' },
      versions: [{ version: 'v1alpha1', freshness: 'Stale', resources: [] }],
    });
  });

  test('is available once its server answers', async () => {
    await ask('POST', '/api/v1/namespaces/default/services', {
      metadata: { name: 'wardle' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    await expect
      .poll(conditionOf, patient)
      .toMatchObject({ status: 'True', reason: 'Passed', message: 'all checks passed' });
  });

  test('gets requests with the name of whoever asks, and never with a proof of his', async () => {
    const made = await ask(
      'POST',
      `${path}/namespaces/default/flunders?dryRun=All`,
      { kind: 'Flunder' },
      {
        'impersonate-user': 'jane',
        'impersonate-uid': '7',
        'impersonate-group': 'system:masters',
        'impersonate-extra-scopes%2fx': 'a b',
        'x-remote-user': 'root',
        'x-remote-group': 'system:masters',
        'x-remote-extra-a': 'b',
      },
    );
    expect(made.code).toBe(201);
    expect(made.body).toEqual({
      kind: 'Flunder',
      method: 'POST',
      url: `${path}/namespaces/default/flunders?dryRun=All`,
      body: '{"kind":"Flunder"}',
    });
    const { headers, socket } = seen.at(-1)!;
    expect(headers).toMatchObject({
      'x-remote-user': 'jane',
      'x-remote-uid': '7',
      'x-remote-group': 'system:masters, system:authenticated',
      'x-remote-extra-scopes%2fx': 'a b',
    });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('impersonate-user');
    expect(headers).not.toHaveProperty('x-remote-extra-a');
    const secret = await ask('GET', '/api/v1/namespaces/kube-system/secrets/gantry-front-proxy-ca');
    const peer = (socket as TLSSocket).getPeerX509Certificate()!;
    expect(peer.subject).toBe('CN=front-proxy-client');
    expect(peer.verify(new X509Certificate(Buffer.from(secret.body.data['tls.crt'], 'base64')).publicKey)).toBe(true);
  });

  test('is not reached by who may not', async () => {
    const before = seen.length;
    const refused = await ask('GET', `${path}/flunders`, undefined, { 'impersonate-user': 'jane' });
    expect([refused.code, seen.length]).toEqual([403, before]);
    expect(refused.body.message).toContain(
      'User "jane" cannot list resource "flunders" in API group "wardle.example.com"',
    );
  });

  test('streams its watches', async () => {
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${rest.port}${path}/flunders?watch=1`, {
      headers: { authorization: 'Bearer the-token-of-the-tests' },
      signal: stop.signal,
    });
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      if (text.includes('MODIFIED')) break;
    }
    expect(text.split('\n')).toHaveLength(3);
    stop.abort();
  });

  test('speaks other protocols', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${rest.port}${path}/namespaces/default/flunders/a/attach`, {
      headers: { authorization: 'Bearer the-token-of-the-tests' },
    });
    await once(socket, 'open');
    socket.send('hello');
    const [message] = await once(socket, 'message');
    expect(String(message)).toBe('echo hello');
    expect(seen.at(-1)!.headers['x-remote-user']).toBe('system:admin');
    socket.close();
  });

  test('may not redirect its clients', async () => {
    const { code, body } = await ask('GET', `${path}/moved`);
    expect([code, body]).toEqual([502, 'the backend attempted to redirect this request, which is not permitted\n']);
  });

  test('is in discovery', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const last = async () => wardleIn((await ask('GET', '/apis', undefined, { accept })).body);
    await expect.poll(async () => (await last()).versions[0].freshness, patient).toBe('Current');
    expect(await last()).toMatchObject({
      metadata: { name: 'wardle.example.com' },
      versions: [
        {
          version: 'v1alpha1',
          resources: [
            {
              resource: 'flunders',
              responseKind: { group: 'wardle.example.com', version: 'v1alpha1', kind: 'Flunder' },
              scope: 'Namespaced',
              subresources: [{ subresource: 'status', verbs: ['get'] }],
            },
          ],
        },
      ],
    });
    expect((await ask('GET', '/apis/wardle.example.com')).body.preferredVersion).toEqual({
      groupVersion: 'wardle.example.com/v1alpha1',
      version: 'v1alpha1',
    });
    expect((await ask('GET', path)).body).toEqual(flunders);
  });

  test('is in OpenAPI', async () => {
    const { body: index } = await ask('GET', '/openapi/v3');
    expect(index.paths[path.slice(1)]).toEqual({ serverRelativeURL: `/openapi/v3${path}?hash=AB` });
    expect((await ask('GET', `/openapi/v3${path}?hash=AB`)).body.info.title).toBe('wardle');
    const { body } = await ask('GET', '/openapi/v2');
    const document = typeof body === 'string' ? JSON.parse(body) : body;
    expect(document.paths).toHaveProperty([`${path}/flunders`]);
    expect(document.paths).toHaveProperty(['/api/v1/pods']);
    expect(document.definitions).toHaveProperty(['com.example.Flunder']);
    expect(document.definitions).not.toHaveProperty('unused');
  });

  test('believes no server of another authority', async () => {
    const other = await createAuthority('other', Date.now());
    const caBundle = Buffer.from(other.cert).toString('base64');
    await ask(
      'PATCH',
      `${services}/${name}`,
      { spec: { caBundle } },
      { 'content-type': 'application/merge-patch+json' },
    );
    const { port } = server.address() as AddressInfo;
    const url = `https://wardle.default.svc:${port}${path}`;
    await expect.poll(conditionOf, patient).toMatchObject({
      status: 'False',
      reason: 'FailedDiscoveryCheck',
      message: `failing or missing response from ${url}: Get "${url}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    });
    expect((await ask('GET', `${path}/flunders`)).code).toBe(503);
    await ask(
      'PATCH',
      `${services}/${name}`,
      { spec: { caBundle: null, insecureSkipTLSVerify: true } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    await expect.poll(conditionOf, patient).toMatchObject({ status: 'True' });
  });

  test('is gone with its API service', async () => {
    await ask('DELETE', `${services}/${name}`);
    await expect.poll(async () => (await ask('GET', path)).code, patient).toBe(404);
    await expect.poll(async () => (await ask('GET', '/apis/wardle.example.com')).code, patient).toBe(404);
  });
});
