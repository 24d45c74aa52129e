import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { GantryError } from '@gantry/runtime/errors.ts';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { escapePath } from './http.ts';

const container = { name: 'main', ports: [{ name: 'web', containerPort: 1 }] };
const streams = {
  execSync: async (_id: string, command: readonly string[]) => ({
    exitCode: command[0] === 'true' ? 0 : 2,
    stdout: Buffer.from('out '),
    stderr: Buffer.from('err'),
  }),
};

function run(probe: object, timeoutMs = 2_000) {
  const target = { container, containerId: 'c1', podIp: '127.0.0.1' };
  return check(streams, probe, target, timeoutMs, new AbortController().signal);
}

async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
}

describe('a check', () => {
  it('by command succeeds with exit code 0 and shows the output of others', async () => {
    expect(await run({ exec: { command: ['true'] } })).toEqual({ result: 'success', message: '' });
    expect(await run({ exec: { command: ['false'] } })).toEqual({ result: 'failure', message: 'out err' });
  });

  it('by HTTP takes 200 to 299, sends its headers and names the status of others', async () => {
    const seen: unknown[] = [];
    const http = createHttpServer((request, response) => {
      seen.push(request.headers['x-probe']);
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    await using server = await listening(http);
    const get = (path: string) =>
      run({ httpGet: { path, port: server.port, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } });
    expect(await get('/204')).toEqual({ result: 'success', message: '' });
    expect(await get('/503')).toEqual({ result: 'failure', message: 'HTTP probe failed with statuscode: 503' });
    expect(seen).toEqual(['yes', 'yes']);
  });

  it('by HTTP fails where nobody listens, where nobody answers in time, and for a port without number', async () => {
    await using silent = await listening(createServer((socket) => socket.on('error', () => {}).resume()));
    expect(await run({ httpGet: { port: silent.port } }, 50)).toMatchObject({
      result: 'failure',
      message: expect.stringContaining('context deadline exceeded'),
    });
    expect(await run({ httpGet: { port: 'web' } })).toMatchObject({
      result: 'failure',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await run({ httpGet: { port: 'nope' } })).toMatchObject({
      result: 'unknown',
      message: expect.stringContaining("couldn't find port"),
    });
  });

  it('by HTTP follows redirects on the same host, and takes one to another host for a success with a warning', async () => {
    const http = createHttpServer((request, response) => {
      const location = { '/here': '/bad', '/there': 'http://other.test/bad', '/loop': '/loop' }[request.url ?? ''];
      response.writeHead(location === undefined ? 500 : 302, location === undefined ? {} : { location }).end('moved');
    });
    await using server = await listening(http);
    const get = (path: string) => run({ httpGet: { path, port: server.port } });
    expect(await get('/here')).toEqual({ result: 'failure', message: 'HTTP probe failed with statuscode: 500' });
    expect(await get('/there')).toEqual({
      result: 'warning',
      message: 'Probe terminated redirects, Response body: moved',
    });
    expect(await get('/loop')).toMatchObject({ result: 'failure', message: expect.stringContaining('10 redirects') });
  });

  it('by HTTP sends repeated headers, no empty Accept, the given Host, and no fragment', async () => {
    const seen: { readonly url: string; readonly headers: readonly string[] }[] = [];
    const http = createHttpServer((request, response) => {
      seen.push({ url: request.url ?? '', headers: request.rawHeaders });
      response.end();
    });
    await using server = await listening(http);
    const httpHeaders = [
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
      { name: 'Accept', value: '' },
      { name: 'Host', value: 'web.test' },
    ];
    await run({ httpGet: { path: '/a b#frag', port: server.port, httpHeaders } });
    expect(seen[0]?.url).toBe('/a%20b');
    const headers = seen[0]!.headers;
    const valuesOf = (name: string) => headers.filter((_, index) => headers[index - 1]?.toLowerCase() === name);
    expect(valuesOf('x-a')).toEqual(['1', '2']);
    expect(valuesOf('accept')).toEqual([]);
    expect(valuesOf('host')).toEqual(['web.test']);
    expect(await run({ httpGet: { port: server.port, httpHeaders: [{ name: 'X', value: 'a\nb' }] } })).toMatchObject({
      result: 'failure',
    });
  });

  it.each([
    ['/a b', '/a%20b'],
    ['/\u00fc', '/%C3%BC'],
    ['/x#frag', '/x'],
    ['/a%20b?c=d e&f=%2F', '/a%20b?c=d%20e&f=%2F'],
    ['/100%?x#y', '/100%25%3Fx%23y'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('by HTTP asks for %j as %s', (path, sent) => {
    expect(escapePath(path)).toBe(sent);
  });

  it('by command tells a time-out in steady words, and says nothing where the command could not be run', async () => {
    const failing = (error: Error) => ({
      execSync: () => Promise.reject(error),
    });
    const target = { container, containerId: 'c1', podIp: '127.0.0.1' };
    const probe = { exec: { command: ['sleep', '9'] } };
    const signal = new AbortController().signal;
    const late = failing(new GantryError('Timeout', 'ExecSync: Deadline exceeded after 1.001s,LB pick: 0.001s'));
    expect(await check(late, probe, target, 1_000, signal)).toEqual({
      result: 'failure',
      message: 'command timed out: "sleep 9" timed out after 1s',
    });
    const away = failing(new GantryError('ServiceUnavailable', 'ExecSync: connect ECONNREFUSED'));
    expect(await check(away, probe, target, 1_000, signal)).toMatchObject({ result: 'unknown' });
    expect(await run({ tcpSocket: { port: 'nosuch' } })).toMatchObject({ result: 'unknown' });
  });

  it('by TCP succeeds where something listens', async () => {
    await using server = await listening(createServer((socket) => socket.on('error', () => {})));
    expect(await run({ tcpSocket: { port: server.port } })).toEqual({ result: 'success', message: '' });
    expect(await run({ tcpSocket: { port: 1 } })).toMatchObject({ result: 'failure' });
  });

  it('by gRPC asks grpc.health.v1', async () => {
    const grpc = new GrpcServer();
    const identity = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };
    const method = {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity.serialize,
      requestDeserialize: identity.deserialize,
      responseSerialize: identity.serialize,
      responseDeserialize: identity.deserialize,
    };
    // A request for the service "well" is answered with SERVING (1), every other with NOT_SERVING (2).
    grpc.addService({ Check: method } as never, {
      Check: (call: { request: Buffer }, done: (error: null, reply: Buffer) => void) =>
        done(null, Buffer.from([0x08, call.request.toString().endsWith('well') ? 1 : 2])),
    });
    const port = await new Promise<number>((resolve, reject) =>
      grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    try {
      expect(await run({ grpc: { port, service: 'well' } })).toEqual({ result: 'success', message: '' });
      expect(await run({ grpc: { port } })).toEqual({
        result: 'failure',
        message: 'service unhealthy (responded with "NOT_SERVING")',
      });
      expect(await run({ grpc: { port: 1 } }, 300)).toMatchObject({ result: 'failure' });
    } finally {
      grpc.forceShutdown();
    }
  });
});
