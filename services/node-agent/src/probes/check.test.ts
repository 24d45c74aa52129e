import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';

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
    expect(await run({ exec: { command: ['true'] } })).toEqual({ ok: true, message: '' });
    expect(await run({ exec: { command: ['false'] } })).toEqual({ ok: false, message: 'out err' });
  });

  it('by HTTP takes 200 to 399, sends its headers and names the status of others', async () => {
    const seen: unknown[] = [];
    const http = createHttpServer((request, response) => {
      seen.push(request.headers['x-probe']);
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    await using server = await listening(http);
    const get = (path: string) =>
      run({ httpGet: { path, port: server.port, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } });
    expect(await get('/204')).toEqual({ ok: true, message: '' });
    expect(await get('301')).toEqual({ ok: true, message: '' });
    expect(await get('/503')).toEqual({ ok: false, message: 'HTTP probe failed with statuscode: 503' });
    expect(seen).toEqual(['yes', 'yes', 'yes']);
  });

  it('by HTTP fails where nobody listens, where nobody answers in time, and for a port without number', async () => {
    await using silent = await listening(createServer((socket) => socket.on('error', () => {}).resume()));
    expect(await run({ httpGet: { port: silent.port } }, 50)).toMatchObject({
      ok: false,
      message: expect.stringContaining('context deadline exceeded'),
    });
    expect(await run({ httpGet: { port: 'web' } })).toMatchObject({
      ok: false,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await run({ httpGet: { port: 'nope' } })).toMatchObject({
      ok: false,
      message: expect.stringContaining("couldn't find port"),
    });
  });

  it('by TCP succeeds where something listens', async () => {
    await using server = await listening(createServer((socket) => socket.on('error', () => {})));
    expect(await run({ tcpSocket: { port: server.port } })).toEqual({ ok: true, message: '' });
    expect(await run({ tcpSocket: { port: 1 } })).toMatchObject({ ok: false });
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
      expect(await run({ grpc: { port, service: 'well' } })).toEqual({ ok: true, message: '' });
      expect(await run({ grpc: { port } })).toEqual({
        ok: false,
        message: 'service unhealthy (responded with "NOT_SERVING")',
      });
      expect(await run({ grpc: { port: 1 } }, 300)).toMatchObject({ ok: false });
    } finally {
      grpc.forceShutdown();
    }
  });
});
