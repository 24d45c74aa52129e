import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { asleepCondition, heldCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { freePort, startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { describe, expect, it } from 'vitest';
import { endpoint, service, slice } from '../testing/fixtures.ts';
import { grpcJsClient, startGrpcEcho } from '../testing/grpc-echo.ts';
import { startHarness, startTestEnvoy } from '../testing/harness.ts';

const loopback = endpoint('127.0.0.1');

function holding(port: number, portName: string, annotations: Record<string, string> = {}): Service {
  const made = service('web', [{ name: portName, port }]);
  return { ...made, metadata: { ...made.metadata, annotations: { [zeroAnnotations.timeout]: '30s', ...annotations } } };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 100 });

function ask(port: number, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = httpRequest(
      { host: '127.0.0.1', port, method, agent, signal: AbortSignal.timeout(30_000) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() }));
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

function conditionOf(statuses: readonly Service[], type: string): string | undefined {
  return statuses.at(-1)?.status?.conditions?.find((condition) => condition.type === type)?.status;
}

/** Waits until Envoy serves the port; a Service without pods keeps whoever connects waiting. */
async function untilListening(port: number): Promise<void> {
  const isOpen = async (): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  };
  await expect.poll(isOpen, { timeout: 20_000, interval: 20 }).toBe(true);
}

/** Starts xds-lb and Envoy for one Service without a pod. */
async function start(made: Service, port: number, protocol: 'sotw' | 'delta' = 'delta') {
  await using stack = new AsyncDisposableStack();
  const harness = stack.use(await startHarness());
  harness.nodes.set([]);
  harness.services.set([made]);
  harness.endpointSlices.set([]);
  const envoy = stack.use(await startTestEnvoy(harness.xdsLb.xdsAddress, protocol));
  await envoy.ready(AbortSignal.timeout(20_000));
  await untilListening(port);
  const owned = stack.move();
  return { harness, envoy, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A server that does one thing at a time, and for so many milliseconds. */
async function slowServer(backlog: number, busyMs: number): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const untilMs = performance.now() + busyMs;
    while (performance.now() < untilMs);
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog });
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

/** A server that greets whoever connects, and then sends back what it gets. */
async function greeter(): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('hello ');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server as Server & AsyncDisposable;
}

describe('requests to a Service without a ready pod', () => {
  it.each(['delta', 'sotw'] as const)('wait, all of them, and reach the first that is ready (%s)', async (protocol) => {
    await using pod = await startEcho('pod');
    const port = await freePort();
    await using running = await start(holding(port, 'http'), port, protocol);
    const { harness } = running;
    const large = 'x'.repeat(300_000);
    const waiting = Array.from({ length: 50 }, (_, i) => ask(port, i % 2 === 0 ? undefined : large));
    await expect.poll(() => conditionOf(harness.statuses, heldCondition)).toBe('True');
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ status: 200, body: 'pod' })));
    await expect.poll(() => conditionOf(harness.statuses, heldCondition)).toBe('False');
    // Those that come later pass.
    expect(await ask(port)).toEqual({ status: 200, body: 'pod' });
  });

  it('reach a server whose queue of connections is short', async () => {
    await using pod = await slowServer(9, 5);
    const port = await freePort();
    await using running = await start(holding(port, 'http'), port);
    const waiting = Array.from({ length: 50 }, () => ask(port));
    await expect.poll(() => conditionOf(running.harness.statuses, heldCondition)).toBe('True');
    running.harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200));
  });

  it('are refused beyond the bound, and when the time is up', async () => {
    const port = await freePort();
    const bounded = holding(port, 'http', { [zeroAnnotations.requests]: '2', [zeroAnnotations.timeout]: '1s' });
    await using _ = await start(bounded, port);
    const answers = await Promise.all([ask(port), ask(port), ask(port)]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(answers.map(({ body }) => body).sort()).toEqual([
      `no pod of web.default:${port} was ready in time\n`,
      `no pod of web.default:${port} was ready in time\n`,
      `too many requests wait for a pod of web.default:${port} already\n`,
    ]);
  });

  it('wait for another server where theirs is started again', async () => {
    await using pod = await startEcho('pod');
    const [port, xdsPort] = [await freePort(), await freePort()];
    const first = await startHarness({ xdsPort });
    const made = holding(port, 'http');
    first.nodes.set([]);
    first.services.set([made]);
    first.endpointSlices.set([]);
    await using envoy = await startTestEnvoy(first.xdsLb.xdsAddress);
    await envoy.ready(AbortSignal.timeout(20_000));
    await untilListening(port);
    const waiting = Promise.all([ask(port), ask(port, 'body')]);
    await expect.poll(() => conditionOf(first.statuses, heldCondition)).toBe('True');
    await first[Symbol.asyncDispose]();
    await using second = await startHarness({ xdsPort });
    second.nodes.set([]);
    second.services.set([made]);
    second.endpointSlices.set([]);
    await expect.poll(() => conditionOf(second.statuses, heldCondition), { timeout: 15_000 }).toBe('True');
    second.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    expect(await waiting).toEqual([
      { status: 200, body: 'pod' },
      { status: 200, body: 'pod' },
    ]);
  });

  it('wait while its workload is about to go to zero, although a pod is ready', async () => {
    await using pod = await startEcho('pod');
    const port = await freePort();
    const made = holding(port, 'http');
    await using running = await start(made, port);
    const { harness } = running;
    const asleep = {
      type: asleepCondition,
      status: 'True',
      reason: 'Draining',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    harness.services.set([{ ...made, status: { conditions: [asleep] } }]);
    harness.endpointSlices.set([slice('web', { name: 'http', port: pod.port }, [loopback])]);
    const waiting = ask(port);
    await expect.poll(() => conditionOf(harness.statuses, heldCondition)).toBe('True');
    expect(pod.served()).toBe(0);
    harness.services.set([{ ...made, status: { conditions: [{ ...asleep, status: 'False' }] } }]);
    expect(await waiting).toEqual({ status: 200, body: 'pod' });
  });

  it('of gRPC clients wait, too, and fail with UNAVAILABLE when the time is up', async () => {
    await using pod = await startGrpcEcho('pod');
    const port = await freePort();
    await using running = await start(holding(port, 'grpc', { [zeroAnnotations.timeout]: '2s' }), port);
    await using client = grpcJsClient(`127.0.0.1:${port}`);
    expect(await client.call()).toBe('error 14');
    const waiting = client.call();
    running.harness.endpointSlices.set([slice('web', { name: 'grpc', port: pod.port }, [loopback])]);
    expect(await waiting).toBe('ok pod');
  });
});

describe('TCP connections to a Service without a ready pod', () => {
  it('wait, whoever speaks first', async () => {
    await using server = await greeter();
    const { port: podPort } = server.address() as { readonly port: number };
    const port = await freePort();
    await using running = await start(holding(port, 'db'), port);
    const [silent, speaking] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    speaking.write('world');
    const heard = [silent, speaking].map((socket) => once(socket.setEncoding('utf8'), 'data'));
    await expect.poll(() => conditionOf(running.harness.statuses, heldCondition)).toBe('True');
    running.harness.endpointSlices.set([slice('web', { name: 'db', port: podPort }, [loopback])]);
    expect(await Promise.all(heard)).toEqual([['hello '], [expect.stringMatching(/^hello /)]]);
    for (const socket of [silent, speaking]) socket.destroy();
  });

  it('are closed when the time is up', async () => {
    const port = await freePort();
    await using _ = await start(holding(port, 'db', { [zeroAnnotations.timeout]: '1s' }), port);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });
});
