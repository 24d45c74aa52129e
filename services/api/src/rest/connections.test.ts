import { once } from 'node:events';
import { request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { request as requestSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import { serviceSubject } from '@gantry/pki/subject.ts';
import { CertificateHolder } from '@gantry/runtime/certificates.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AnyObject } from '../core/stored-object.ts';
import type { WatchEvent } from '../watch/change.ts';
import type { RestServer } from './server.ts';
import { FakePods, startEdge } from './streams/testing/edge.ts';

let certificates: CertificateHolder;
let ca: string;
beforeAll(async () => {
  const authority = await createAuthority('test', Date.now());
  const { cert, key } = await issue(authority, serviceSubject('api'), Date.now());
  ca = authority.cert;
  certificates = new CertificateHolder({ ca, cert, key });
});

const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of owned.splice(0)) await each[Symbol.asyncDispose]();
});

const pod: AnyObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' } };
/** A core with one pod, a watch that goes on until it is ended, and a list that takes as long as the test wants. */
let hold: Promise<void> = Promise.resolve();
const api = {
  get: async () => pod,
  list: async () => {
    await hold;
    throw new GantryError('Forbidden', 'no lists');
  },
  watch: async function* (context: { readonly signal: AbortSignal }): AsyncGenerator<WatchEvent> {
    yield { type: 'ADDED', object: pod, resourceVersion: 1 };
    if (!context.signal.aborted) await once(context.signal, 'abort');
  },
} as unknown as NonNullable<Parameters<typeof startEdge>[1]>['api'] & object;

async function start(isSecure: boolean, seats = 100): Promise<RestServer> {
  const edge = await startEdge(new FakePods().proxy, { api, seats, ...(isSecure ? { tls: certificates } : {}) });
  owned.push(edge);
  return edge;
}

const pods = '/api/v1/namespaces/default/pods';
const authorization = 'Bearer good';

function session(edge: RestServer): ClientHttp2Session {
  const client = connectHttp2(`https://localhost:${edge.port}`, { ca });
  client.on('error', () => undefined);
  owned.push({ [Symbol.asyncDispose]: async () => client.destroy() });
  return client;
}

async function codeOf(client: ClientHttp2Session, path: string): Promise<number> {
  const stream = client.request({ ':path': path, authorization });
  const [headers] = await once(stream, 'response');
  stream.resume();
  return headers[':status'];
}

/** Sends text on a connection of its own; resolves with all that comes back until its end. */
async function raw(edge: RestServer, text: string): Promise<string> {
  const socket = connect(edge.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('what is no request', () => {
  test.each([
    ['other bytes', 'hello\r\n\r\n', 400],
    ['too many headers', `GET / HTTP/1.1\r\nx: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
  ])('%s: the connection is answered with a Status and ends', async (_, text, code) => {
    const edge = await start(false);
    const answer = await raw(edge, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ kind: 'Status', code });
  });

  test('an upload that is refused is not waited for', async () => {
    const edge = await start(false);
    const head = `POST ${pods} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n`;
    expect(await raw(edge, head)).toMatch(/^HTTP\/1.1 401 [\s\S]*"reason":"Unauthorized"/);
  });
});

describe('HTTP/2', () => {
  test('is agreed upon, and HTTP/1.1 with who speaks no other', async () => {
    const edge = await start(true);
    const protocolOf = async (ALPNProtocols: string[]): Promise<unknown> => {
      const socket = connectTls({ host: 'localhost', port: edge.port, ca, ALPNProtocols });
      await once(socket, 'secureConnect');
      socket.destroy();
      return socket.alpnProtocol;
    };
    expect(await protocolOf(['h2', 'http/1.1'])).toBe('h2');
    expect(await protocolOf(['http/1.1'])).toBe('http/1.1');
    expect(await codeOf(session(edge), `${pods}/p`)).toBe(200);
  });

  test('a client that opens streams and resets them at once loses its connection, and others go on', async () => {
    const edge = await start(true);
    const socket = await preface(edge);
    const closed = once(socket, 'close');
    socket.resume();
    for (let stream = 1; stream < 6_001; stream += 2) {
      const id = [0, 0, stream >> 8, stream & 0xff];
      // GET https://x/ and RST_STREAM with CANCEL.
      socket.write(Buffer.from([0, 0, 6, 1, 5, ...id, 0x82, 0x87, 0x84, 0x41, 1, 0x78]));
      socket.write(Buffer.from([0, 0, 4, 3, 0, ...id, 0, 0, 0, 8]));
    }
    await closed;
    expect(await codeOf(session(edge), `${pods}/p`)).toBe(200);
  });

  test('a client that sends settings without end does not hold up others', async () => {
    const edge = await start(true);
    const socket = await preface(edge);
    // SETTINGS_MAX_CONCURRENT_STREAMS is one; nobody reads the acknowledgements.
    const settings = Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1]);
    for (let count = 0; count < 100; count++) socket.write(Buffer.concat(Array.from({ length: 100 }, () => settings)));
    expect(await codeOf(session(edge), `${pods}/p`)).toBe(200);
    socket.destroy();
  });
});

/** A connection that has begun to speak HTTP/2. */
async function preface(edge: RestServer): Promise<Socket> {
  const socket = connectTls({ host: 'localhost', port: edge.port, ca, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  owned.push({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  await once(socket, 'secureConnect');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  return socket;
}

test('more requests than there may be in work are told to try again, and health is still told', async () => {
  const edge = await start(true, 2);
  const { promise, resolve } = Promise.withResolvers<void>();
  hold = promise;
  const client = session(edge);
  const held = [codeOf(client, pods), codeOf(client, pods)];
  await expect.poll(() => codeOf(client, `${pods}/p`), { timeout: 5_000 }).toBe(429);
  expect(await codeOf(client, '/livez')).toBe(200);
  resolve();
  expect(await Promise.all(held)).toEqual([403, 403]);
  expect(await codeOf(client, `${pods}/p`)).toBe(200);
});

test('a WebSocket whose client vanishes ends its command', async () => {
  const fake = new FakePods();
  const ended = Promise.withResolvers<void>();
  fake.command = async function* (_input, signal) {
    yield { stdout: Buffer.from('x') };
    await once(signal, 'abort');
    ended.resolve();
  };
  const edge = await startEdge(fake.proxy);
  owned.push(edge);
  const socket: Socket = connect(edge.port, '127.0.0.1');
  const lines = [
    `GET ${pods}/web/exec?command=x&stdout=1 HTTP/1.1`,
    'host: x',
    `authorization: ${authorization}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol: v5.channel.k8s.io',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  socket.resetAndDestroy();
  await ended.promise;
});

describe('a server that stops', () => {
  test('ends watches in peace, and tells clients to go', async () => {
    const edge = await start(true);
    const client = session(edge);
    const goaway = once(client, 'goaway');
    const watch = client.request({ ':path': `${pods}?watch=1`, authorization });
    const chunks: Buffer[] = [];
    watch.on('data', (chunk) => chunks.push(chunk));
    await once(watch, 'data');
    const closed = edge[Symbol.asyncDispose]();
    await once(watch, 'end');
    const [code] = await goaway;
    await closed;
    expect([code, watch.rstCode]).toEqual([constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_NO_ERROR]);
    expect(Buffer.concat(chunks).toString()).toMatch(/^\{"type":"ADDED".*\}\n$/);
  });

  test('lets a request that is in work end', async () => {
    const edge = await start(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    hold = promise;
    const client = session(edge);
    const held = codeOf(client, pods);
    await once(client, 'remoteSettings');
    await codeOf(client, `${pods}/p`);
    const closed = edge[Symbol.asyncDispose]();
    resolve();
    expect(await held).toBe(403);
    await closed;
  });
});

test.each([false, true])('an upgrade where there are no streams is ignored, over TLS (%s) too', async (isSecure) => {
  const edge = await start(isSecure);
  const ask = isSecure ? requestSecurely : request;
  const headers = { authorization, connection: 'Upgrade', upgrade: 'SPDY/3.1' };
  const asked = ask({
    host: 'localhost',
    port: edge.port,
    path: `${pods}/p`,
    headers,
    agent: false,
    ...(isSecure ? { ca } : {}),
  });
  asked.end();
  const [response] = await once(asked, 'response');
  response.resume();
  expect(response.statusCode).toBe(200);
});
