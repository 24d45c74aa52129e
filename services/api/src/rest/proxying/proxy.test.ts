import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import { serviceSubject } from '@gantry/pki/subject.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RestServer } from '../server.ts';
import { FakePods, startEdge } from '../streams/testing/edge.ts';

const pods = new FakePods();
let edge: RestServer;
let backend: Server;
/** The server behind the ports of pods. */
let target: Server;
let respond: (incoming: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  edge = await startEdge(pods.proxy);
  backend = createServer((incoming, response) => respond(incoming, response)).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  target = backend;
  const sockets = new WebSocketServer({ server: backend });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  // Each port of a pod is that of the server behind them.
  pods.connection = async function* (_start, input) {
    const socket = connect((target.address() as AddressInfo).port, '127.0.0.1');
    void (async () => {
      for await (const { data } of input) if (data) socket.write(data);
      socket.end();
    })();
    for await (const data of socket) yield { data: data as Buffer };
  };
});
afterAll(async () => {
  await edge?.[Symbol.asyncDispose]();
  backend.closeAllConnections();
  backend.close();
});

const root = '/api/v1/namespaces/default/pods/web:8080/proxy';

async function ask(method: string, path: string, body = '', headers: Record<string, string> = {}) {
  const all = { authorization: 'Bearer good', 'content-length': String(Buffer.byteLength(body)), ...headers };
  const call = request({ host: '127.0.0.1', port: edge.port, method, path, headers: all });
  call.end(body);
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const bytes = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
  return { code: response.statusCode, headers: response.headers, bytes, text: bytes.toString() };
}

describe('a proxied request', () => {
  test('reaches the pod with its method, path, query and body, and without what proves who asks', async () => {
    let seen: IncomingMessage | undefined;
    respond = (incoming, response) => {
      seen = incoming;
      response.writeHead(201, { 'x-own': 'yes' });
      incoming.pipe(response);
    };
    const reply = await ask('PUT', `${root}/a%2Fb/c%20d/?x=1&watch=true`, 'the body', {
      'impersonate-user': 'x',
      'x-mine': 'y',
    });
    expect(reply).toMatchObject({ code: 201, text: 'the body', headers: { 'x-own': 'yes' } });
    expect(seen).toMatchObject({ method: 'PUT', url: '/a%2Fb/c%20d/?x=1&watch=true' });
    expect(seen!.headers).toMatchObject({
      host: '10.0.0.1:8080',
      'x-mine': 'y',
      'x-forwarded-uri': `${root}/a%2Fb/c%20d/`,
      'x-forwarded-host': expect.stringContaining('127.0.0.1'),
    });
    expect(seen!.headers).not.toHaveProperty('authorization');
    expect(seen!.headers).not.toHaveProperty('impersonate-user');
  });

  test.each(['HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'POST', 'GET'])('may be a %s', async (method) => {
    respond = (incoming, response) => response.end(incoming.method);
    expect(await ask(method, `${root}/`)).toMatchObject({ code: 200, text: method === 'HEAD' ? '' : method });
  });

  test('of a page without a slash is sent to where its links lead below the proxy', async () => {
    expect(await ask('GET', `${root}?a=b`)).toMatchObject({ code: 301, headers: { location: `${root}/?a=b` } });
  });

  test('that is redirected stays below the proxy', async () => {
    respond = (_, response) => response.writeHead(302, { location: '/login?x' }).end();
    expect((await ask('GET', `${root}/page`)).headers.location).toBe(`${root}/login?x`);
  });

  test.each([
    ['y?z', 'y?z'],
    ['http://10.0.0.1:8080/x', `${root}/x`],
    ['https://example.com/x', 'https://example.com/x'],
  ])('that is redirected to %s is redirected to %s', async (location, expected) => {
    respond = (_, response) => response.writeHead(302, { location, 'content-type': 'text/html' }).end('<a href="/x">');
    const { headers, text } = await ask('GET', `${root}/page`);
    expect(headers.location).toBe(expected);
    expect(text).toBe('<a href="/x">');
  });

  test('for a page gets links that lead through the proxy, whatever the length', async () => {
    const page = '<a href="/x">x</a><a href="http://10.0.0.1:8080/y">y</a><a href="z">z</a>';
    const expected = `<a href="${root}/x">x</a><a href="${root}/y">y</a><a href="z">z</a>`;
    const head = { 'content-type': 'text/html; charset=utf-8' };
    respond = (_, response) => response.writeHead(200, { ...head, 'content-length': page.length }).end(page);
    const answer = await ask('GET', `${root}/page`);
    expect(answer).toMatchObject({ code: 200, text: expected, headers: head });
    expect(answer.headers).not.toHaveProperty('content-length');
    const headAnswer = await ask('HEAD', `${root}/page`);
    expect(headAnswer).toMatchObject({ code: 200, text: '', headers: head });
    expect(headAnswer.headers).not.toHaveProperty('content-length');
    respond = (_, response) => response.writeHead(200, { ...head, 'content-encoding': 'gzip' }).end(gzipSync(page));
    const zipped = await ask('GET', `${root}/page`);
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.bytes).toString()).toBe(expected);
  });

  test.each([
    [200, { 'content-type': 'text/plain' }],
    [200, { 'content-type': 'text/html', 'content-encoding': 'br' }],
    [206, { 'content-type': 'text/html', 'content-range': 'bytes 0-12/99' }],
  ])('that is answered with %i and %j gets the very answer', async (code, head) => {
    const headers = { ...head, 'content-length': '13' };
    respond = (_, response) => response.writeHead(code, headers).end('<a href="/x">');
    expect(await ask('GET', `${root}/page`)).toMatchObject({ code, headers, text: '<a href="/x">' });
  });

  test.each([
    [200, { 'content-length': '0' }],
    [204, {}],
    [304, {}],
  ])('that is answered with %i, a compressed page without a body, gets that', async (code, more) => {
    const head = { 'content-type': 'text/html', 'content-encoding': 'gzip' };
    respond = (_, response) => response.writeHead(code, { ...head, ...more }).end();
    expect(await ask('GET', `${root}/page`)).toMatchObject({ code, headers: head, text: '' });
  });

  test('for a page that is not in the coding that it claims is broken off', async () => {
    const head = { 'content-type': 'text/html', 'content-encoding': 'gzip' };
    respond = (_, response) => response.writeHead(200, head).end('<a href="/x">');
    await expect(ask('GET', `${root}/page`)).rejects.toThrow();
  });

  test('does not open the address of the api to pages of other sites', async () => {
    const open = { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true', 'x-own': 'yes' };
    respond = (_, response) => response.writeHead(200, open).end('{}');
    const { headers } = await ask('GET', `${root}/open`);
    expect(headers).toMatchObject({ 'x-own': 'yes' });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('to a port that does not answer is told so', async () => {
    const before = pods.connection;
    pods.connection = async function* () {
      yield* [];
      throw new GantryError('ServiceUnavailable', 'connection refused');
    };
    const reply = await ask('GET', `${root}/`);
    pods.connection = before;
    expect(reply.code).toBe(503);
    expect(JSON.parse(reply.text).message).toBe('error trying to reach service: connection refused');
  });

  test('of a pod that there is not is refused', async () => {
    expect((await ask('GET', '/api/v1/namespaces/default/pods/other/proxy/')).code).toBe(404);
    expect((await ask('GET', `${root}/`, '', { authorization: 'Bearer bad' })).code).toBe(401);
  });
});

test('a request for a node reaches its port', async () => {
  const before = pods.proxy.nodeBackend;
  const asked: string[] = [];
  Object.assign(pods.proxy, {
    nodeBackend: async (id: string) => {
      asked.push(id);
      return {
        host: '10.0.0.7:10250',
        scheme: 'http',
        connect: () => connect((backend.address() as AddressInfo).port),
      };
    },
  });
  respond = (incoming, response) => response.end(`${incoming.url} at ${incoming.headers.host}`);
  expect(await ask('GET', '/api/v1/nodes/worker:10250/proxy/metrics/cadvisor?x=1')).toMatchObject({
    ...{ code: 200, text: '/metrics/cadvisor?x=1 at 10.0.0.7:10250' },
  });
  expect(asked).toEqual(['worker:10250']);
  Object.assign(pods.proxy, { nodeBackend: before });
  expect((await ask('GET', '/api/v1/nodes/absent/proxy/metrics')).code).toBe(404);
});

test('a WebSocket goes through', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${edge.port}${root}/socket`, {
    headers: { authorization: 'Bearer good' },
  });
  await once(socket, 'open');
  socket.send('hello');
  const [data] = await once(socket, 'message');
  expect(String(data)).toBe('echo hello');
  socket.close();
  await once(socket, 'close');
});

test('a port that speaks TLS is asked in TLS, whoever its certificate is for', async () => {
  const authority = await createAuthority('other', Date.now());
  const { cert, key } = await issue(authority, serviceSubject('api'), Date.now());
  const secure = createSecureServer({ cert, key }, (incoming, response) => response.end(`tls ${incoming.url}`));
  await once(secure.listen(0, '127.0.0.1'), 'listening');
  target = secure;
  const path = '/api/v1/namespaces/default/pods/https:web:443/proxy/x';
  expect(await ask('GET', path)).toMatchObject({ code: 200, text: 'tls /x' });
  target = backend;
  secure.closeAllConnections();
  secure.close();
});
