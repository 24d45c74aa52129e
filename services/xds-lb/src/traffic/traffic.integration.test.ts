import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { freePort } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { expect, it } from 'vitest';
import { endpoint, service, slice } from '../testing/fixtures.ts';
import { startHarness, startTestEnvoy } from '../testing/harness.ts';
import { byRouteAnnotation } from './keys.ts';

const loopback = endpoint('127.0.0.1');

/** A pod that answers at once, but for requests to /hold, which it never answers. */
async function startPod(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((asked, response) => {
    if (asked.url !== '/hold') response.writeHead(asked.method === 'POST' ? 500 : 200).end('pod');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A pod that takes connections and says nothing. */
async function startSilentPod(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createTcpServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

function ask(port: number, method: string, path = '/'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject).end();
  });
}

it('routes, requests under way and TCP connections are counted by a real Envoy', async () => {
  await using pod = await startPod();
  await using silent = await startSilentPod();
  await using harness = await startHarness();
  const [port, tcpPort] = [await freePort(), await freePort()];
  const web = service('web', [{ name: 'http', port }]);
  const apart = { ...web, metadata: { ...web.metadata, annotations: { [byRouteAnnotation]: 'true' } } };
  harness.nodes.set([]);
  harness.services.set([apart, service('db', [{ name: 'tcp', port: tcpPort }])]);
  harness.endpointSlices.set([
    slice('web', { name: 'http', port: pod.port }, [loopback]),
    slice('db', { name: 'tcp', port: silent.port }, [loopback]),
  ]);
  await using envoy = await startTestEnvoy(harness.xdsLb.xdsAddress);
  await envoy.ready(AbortSignal.timeout(20_000));
  const poll = { timeout: 30_000, interval: 50 };
  await expect.poll(() => ask(port, 'GET').catch(() => 0), poll).toBe(200);
  for (let i = 0; i < 20; i++) await ask(port, 'GET');
  for (let i = 0; i < 5; i++) expect(await ask(port, 'POST')).toBe(500);
  for (let i = 0; i < 3; i++) ask(port, 'GET', '/hold').catch(() => 0);
  const sockets = [1, 2].map(() => connect(tcpPort, '127.0.0.1').on('error', () => undefined));

  const measure = (more: object) => harness.xdsLb.statistics.measure({ windowSeconds: 300, ...more }).series;
  const routes = () =>
    measure({ byRoute: true, service: 'web' }).map(({ route, requests, errors }) => [route, requests, errors]);
  // One request or more waited for the listener; three are held.
  const isWhole = ([read, write]: unknown[][]): boolean => Number(read?.[1]) >= 21 && write?.[1] === 5;
  await expect.poll(() => isWhole(routes().sort()), poll).toBe(true);
  expect(routes().sort()).toEqual([
    ['read', expect.any(Number), 0],
    ['write', 5, 5],
  ]);
  const read = measure({ byRoute: true, service: 'web' }).find(({ route }) => route === 'read');
  expect(read!.requests + 5).toBe(measure({ service: 'web' })[0]!.requests);
  expect(read!.p99Ms).toBeGreaterThan(0);
  await expect.poll(() => measure({ service: 'web' })[0]?.active ?? 0, poll).toBeGreaterThan(0);
  await expect.poll(() => measure({ service: 'db' })[0], poll).toMatchObject({ tcp: true, requests: 2, errors: 0 });
  await expect.poll(() => measure({ service: 'db' })[0]?.active ?? 0, poll).toBeGreaterThan(0);
  for (const socket of sockets) socket.destroy();
});
