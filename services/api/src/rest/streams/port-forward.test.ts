import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { GantryError } from '@gantry/runtime/errors.ts';
import { SpdyConnection } from '@gantry/spdy/connection.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createWebSocketStream } from 'ws';
import type { RestServer } from '../server.ts';
import { FakePods, refusalOf, startEdge, TestClient } from './testing/edge.ts';

const pods = new FakePods();
let edge: RestServer;
beforeAll(async () => {
  edge = await startEdge(pods.proxy);
});
afterAll(() => edge?.[Symbol.asyncDispose]());

const open: SpdyConnection[] = [];
afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

// The ws package does not allow this name, so the tests put it into the headers and take it out of them.
const tunnel = 'SPDY/3.1+portforward.k8s.io';

async function overWebSocket(): Promise<SpdyConnection> {
  const { socket } = new TestClient(edge, 'web/portforward', [], 'good', { 'sec-websocket-protocol': tunnel });
  socket.on('upgrade', ({ headers }) => {
    expect(headers['sec-websocket-protocol']).toBe(tunnel);
    delete headers['sec-websocket-protocol'];
  });
  await once(socket, 'open');
  return keep(new SpdyConnection(createWebSocketStream(socket)));
}

async function overSpdy(): Promise<SpdyConnection> {
  const headers = {
    authorization: 'Bearer good',
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'portforward.k8s.io',
  };
  const path = '/api/v1/namespaces/default/pods/web/portforward';
  const call = request({ port: edge.port, host: '127.0.0.1', method: 'POST', path, headers }).end();
  const [response, socket] = await once(call, 'upgrade');
  expect(response.headers).toMatchObject({ 'x-stream-protocol-version': 'portforward.k8s.io' });
  return keep(new SpdyConnection(socket as Duplex));
}

function keep(connection: SpdyConnection): SpdyConnection {
  open.push(connection);
  return connection;
}

async function connect(connection: SpdyConnection, requestid: string, port = '80') {
  const error = await connection.open({ streamtype: 'error', port, requestid });
  error.end();
  const data = await connection.open({ streamtype: 'data', port, requestid });
  return { error, data };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}

describe.each([
  ['a WebSocket', overWebSocket],
  ['SPDY', overSpdy],
])('over %s', (_, start) => {
  test('connections go both ways at once, and end one way at a time', async () => {
    pods.connection = async function* ({ port }, input) {
      yield { data: Buffer.from(`port ${port}: `) };
      let bytes = 0;
      for await (const { data } of input) bytes += data?.length ?? 0;
      yield { data: Buffer.from(`${bytes}`) };
    };
    const connection = await start();
    const [first, second] = [await connect(connection, '0'), await connect(connection, '1', '81')];
    second.data.end('x'.repeat(5));
    first.data.end(Buffer.alloc(1_000_000));
    expect(await Promise.all([textOf(first.data), textOf(second.data)])).toEqual(['port 80: 1000000', 'port 81: 5']);
    expect(await Promise.all([textOf(first.error), textOf(second.error)])).toEqual(['', '']);
  });

  test('a port that refuses is told on the error stream, and the next connection goes on', async () => {
    pods.connection = async function* ({ port }) {
      if (port === 1) throw new GantryError('ServiceUnavailable', 'connection refused');
      yield { data: Buffer.from('well') };
    };
    const connection = await start();
    const bad = await connect(connection, '0', '1');
    expect(await textOf(bad.error)).toBe('an error occurred forwarding port 1 to pod web: connection refused');
    expect(await textOf((await connect(connection, '1')).data)).toBe('well');
  });

  test('a client that goes ends its connections', async () => {
    const ended = Promise.withResolvers<void>();
    pods.connection = async function* (_start, _input, signal) {
      yield { data: Buffer.from('started') };
      await once(signal, 'abort');
      ended.resolve();
    };
    const connection = await start();
    const { data } = await connect(connection, '0');
    await once(data, 'readable');
    connection.close();
    await ended.promise;
  });
});

test.each([
  ['absent/portforward', tunnel, 404, 'pods "absent" not found'],
  ['web/portforward', 'v4.channel.k8s.io', 400, /SPDY\/3.1\+portforward.k8s.io is needed/],
])('%s with %s is refused with %i', async (path, protocol, code, message) => {
  const headers = { 'sec-websocket-protocol': protocol };
  const text = typeof message === 'string' ? message : expect.stringMatching(message);
  expect(await refusalOf(edge, path, [], 'good', headers)).toMatchObject({ kind: 'Status', code, message: text });
});
