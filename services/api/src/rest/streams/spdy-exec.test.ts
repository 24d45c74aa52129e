import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { SpdyConnection } from '@gantry/spdy/connection.ts';
import type { SpdyStream } from '@gantry/spdy/stream.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RestServer } from '../server.ts';
import { FakePods, startEdge } from './testing/edge.ts';

const pods = new FakePods();
let edge: RestServer;
beforeAll(async () => {
  edge = await startEdge(pods.proxy);
});
afterAll(() => edge?.[Symbol.asyncDispose]());

interface Upgraded {
  readonly protocol: string | undefined;
  readonly connection: SpdyConnection;
}

async function upgrade(path: string, versions: string[], token = 'good'): Promise<Upgraded> {
  const call = request({
    port: edge.port,
    host: '127.0.0.1',
    method: 'POST',
    path: `/api/v1/namespaces/default/pods/${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': versions,
    },
  }).end();
  const [response, socket] = await once(call, 'upgrade');
  const protocol = response.headers['x-stream-protocol-version'];
  return { protocol, connection: new SpdyConnection(socket as Duplex) };
}

async function openAll(connection: SpdyConnection, names: readonly string[]): Promise<Map<string, SpdyStream>> {
  const streams = new Map<string, SpdyStream>();
  for (const streamtype of names) streams.set(streamtype, await connection.open({ streamtype }));
  return streams;
}

async function textOf(stream: AsyncIterable<Buffer> | undefined): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream!)).toString();
}

const versions = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];
const all = 'stdin=true&stdout=true&stderr=true';

test('a command over SPDY gets its input to the end, and tells output and exit code each on a stream', async () => {
  pods.command = async function* (input) {
    let bytes = 0;
    for await (const { stdin, stdinClosed } of input) {
      bytes += stdin?.length ?? 0;
      if (stdinClosed) break;
    }
    yield { stdout: Buffer.from(`${bytes}`) };
    yield { stderr: Buffer.from('err') };
    yield { exit: { code: 3 } };
  };
  const { protocol, connection } = await upgrade(`web/exec?command=wc&${all}`, versions);
  expect(protocol).toBe('v4.channel.k8s.io');
  const streams = await openAll(connection, ['error', 'stdin', 'stdout', 'stderr']);
  streams.get('stdin')!.end(Buffer.alloc(1_000_000));
  const [out, err, status] = await Promise.all(['stdout', 'stderr', 'error'].map((name) => textOf(streams.get(name))));
  expect([out, err]).toEqual(['1000000', 'err']);
  expect(JSON.parse(status!)).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  });
});

test('a terminal gets its sizes, and has no stream for errors of its own', async () => {
  pods.command = async function* (input) {
    for await (const { resize } of input) {
      if (resize) yield { stdout: Buffer.from(`${resize.width}x${resize.height} `) };
      if (resize?.width === 2) break;
    }
    yield { exit: { code: 0 } };
  };
  const { connection } = await upgrade('web/exec?command=sh&stdin=1&stdout=1&stderr=1&tty=1', versions);
  const streams = await openAll(connection, ['error', 'stdin', 'stdout', 'resize']);
  streams.get('resize')!.write('{"Width":80,"Height":24}\n{"Wid');
  streams.get('resize')!.write('th":2,"Height":1}\n');
  expect(await textOf(streams.get('stdout'))).toBe('80x24 2x1 ');
  expect(JSON.parse(await textOf(streams.get('error')))).toEqual({ metadata: {}, status: 'Success' });
});

test('the oldest clients are told of failures in words', async () => {
  pods.command = async function* () {
    yield { exit: { code: 1 } };
  };
  const { protocol, connection } = await upgrade('web/exec?command=false&stdout=1', ['v2.channel.k8s.io']);
  expect(protocol).toBe('v2.channel.k8s.io');
  const streams = await openAll(connection, ['error', 'stdout']);
  expect(await textOf(streams.get('error'))).toBe('command terminated with non-zero exit code: exit status 1');
});

test.each([
  ['web/exec?command=ls&stdout=1', ['v9.channel.k8s.io'], 'good', 400],
  ['absent/exec?command=ls&stdout=1', versions, 'good', 404],
  ['web/exec?command=ls&stdout=1', versions, 'bad', 401],
])('%s with %j as %s is refused with %i', async (path, offered, token, code) => {
  const headers = {
    authorization: `Bearer ${token}`,
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': offered,
  };
  const url = `/api/v1/namespaces/default/pods/${path}`;
  const call = request({ port: edge.port, host: '127.0.0.1', method: 'POST', path: url, headers }).end();
  const [response] = await once(call, 'response');
  expect(response.statusCode).toBe(code);
  response.resume();
});
