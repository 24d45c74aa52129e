/**
 * Ways to hold requests to a Service without a pod, beside one another: Envoy's rate limit filter with xds-lb (the one in force), on-demand discovery of
 * clusters, and a proxy of our own. Time from the moment at which the control plane hears of a pod to the first byte, and what holding costs.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { findGantryEnvoy } from '@gantry/xds-lb/envoy.ts';
import { endpoint, service, slice } from '@gantry/xds-lb/testing/fixtures.ts';
import { startHarness } from '@gantry/xds-lb/testing/harness.ts';
import { adsSource, ConfigSource, tcpAddress } from 'envoy-control-plane-ts/envoy/core.ts';
import { HttpConnectionManager, Router } from 'envoy-control-plane-ts/envoy/listener.ts';
import { spawnEnvoy } from 'envoy-control-plane-ts/process/envoy-process.ts';
import { pack } from 'envoy-control-plane-ts/proto/codec.ts';
import { duration, message, one } from 'envoy-control-plane-ts/proto/schema.ts';
import {
  clusterResource,
  endpointsResource,
  listenerResource,
  type Resource,
  routesResource,
} from 'envoy-control-plane-ts/resource.ts';
import { createSnapshot } from 'envoy-control-plane-ts/snapshot.ts';
import { startControlPlane } from 'envoy-control-plane-ts/testing/control-plane.ts';
import { freePort, startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { describeMachine } from './machine.ts';

const { values } = parseArgs({
  options: { cycles: { type: 'string', default: '30' }, held: { type: 'string', default: '500' } },
});
const [cycles, manyHeld] = [Number(values.cycles), Number(values.held)];
/** The builds of xds-lb wait for changes that come together. */
const coalesceMs = 20;
const holdMs = 30_000;

/** A way to hold requests. */
interface Candidate extends AsyncDisposable {
  readonly port: number;
  readonly xdsAddress: string;
  /** Takes the pod away, or says where it is. */
  readonly setPod: (port: number | undefined) => void;
}

/** xds-lb as it is. */
async function rateLimit(): Promise<Candidate> {
  const harness = await startHarness();
  const port = await freePort();
  const made = service('web', [{ name: 'http', port }]);
  const annotations = { [zeroAnnotations.timeout]: '30s', [zeroAnnotations.requests]: '10000' };
  harness.nodes.set([]);
  harness.services.set([{ ...made, metadata: { ...made.metadata, annotations } }]);
  const setPod = (pod: number | undefined): void => {
    harness.endpointSlices.set(
      pod === undefined ? [] : [slice('web', { name: 'http', port: pod }, [endpoint('127.0.0.1')])],
    );
  };
  setPod(undefined);
  const { xdsLb } = harness;
  return { port, xdsAddress: xdsLb.xdsAddress, setPod, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

const OnDemandCds = message('envoy.extensions.filters.http.on_demand.v3.OnDemandCds', {
  source: one(1, ConfigSource),
  timeout: one(3, duration),
});
const OnDemand = message('envoy.extensions.filters.http.on_demand.v3.OnDemand', { odcds: one(1, OnDemandCds) });

function listener(port: number, onDemand: boolean): Resource[] {
  const discovery = {
    name: 'envoy.filters.http.on_demand',
    typedConfig: pack(OnDemand, { odcds: { source: adsSource, timeout: holdMs } }),
  };
  const router = { name: 'envoy.filters.http.router', typedConfig: pack(Router, {}) };
  const manager = pack(HttpConnectionManager, {
    statPrefix: 'web',
    rds: { configSource: adsSource, routeConfigName: 'web' },
    httpFilters: [...(onDemand ? [discovery] : []), router],
  });
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }];
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'web', timeout: 0 } }];
  return [
    listenerResource({ name: 'web', address: tcpAddress('127.0.0.1', port), filterChains: [{ filters }] }),
    routesResource({ name: 'web', virtualHosts: [{ name: 'web', domains: ['*'], routes }] }),
  ];
}

function cluster(port: number): Resource[] {
  const address = { address: tcpAddress('127.0.0.1', port) };
  return [
    clusterResource({
      name: 'web',
      type: 'EDS',
      edsClusterConfig: { edsConfig: adsSource },
      circuitBreakers: { thresholds: [{ maxConnections: 16_384, maxPendingRequests: 16_384, maxRequests: 16_384 }] },
    }),
    endpointsResource({ clusterName: 'web', endpoints: [{ lbEndpoints: [{ endpoint: address }] }] }),
  ];
}

/** A control plane that sends what it is told, after the time that builds wait. */
async function controlPlane(resourcesFor: (pod: number | undefined) => readonly Resource[]) {
  const plane = await startControlPlane();
  const set = (pod: number | undefined): void => {
    plane.snapshots.set('', createSnapshot(resourcesFor(pod), { staticClusters: ['web'] }));
  };
  set(undefined);
  return { ...plane, setPod: (pod: number | undefined) => void setTimeout(set, coalesceMs, pod) };
}

/** The cluster is unknown until there is a pod. */
async function onDemand(): Promise<Candidate> {
  const port = await freePort();
  const plane = await controlPlane((pod) => [...listener(port, true), ...(pod === undefined ? [] : cluster(pod))]);
  return { ...plane, port };
}

/** The cluster leads to a proxy that holds connections until there is a pod, and then passes their bytes on. */
async function proxy(): Promise<Candidate> {
  const port = await freePort();
  let pod: number | undefined;
  const waiting = new Set<() => void>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    const pass = (): void => {
      const onward = connect(pod!, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
      socket.resume();
    };
    if (pod === undefined) waiting.add(pass);
    else pass();
  });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const plane = await controlPlane((at) => [...listener(port, false), ...cluster(at ?? own)]);
  const setPod = (at: number | undefined): void => {
    plane.setPod(at);
    setTimeout(() => {
      pod = at;
      if (at !== undefined) for (const pass of waiting) pass();
      waiting.clear();
    }, coalesceMs);
  };
  return {
    ...plane,
    port,
    setPod,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await plane[Symbol.asyncDispose]();
    },
  };
}

function ask(port: number, agent?: Agent): Promise<number> {
  return new Promise((resolve) => {
    const call = get({ host: '127.0.0.1', port, agent: agent ?? false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', () => resolve(0));
  });
}

async function rssMib(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

const quantile = (times: readonly number[], part: number): string =>
  times
    .toSorted((a, b) => a - b)
    [Math.ceil(part * times.length) - 1]!.toFixed(1)
    .padStart(7);

async function measure(name: string, start: () => Promise<Candidate>): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const candidate = stack.use(await start());
  const pod = stack.use(await startEcho('pod'));
  const folder = await mkdtemp(join(tmpdir(), 'bench-envoy-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const binary = findGantryEnvoy(fileURLToPath(new URL('../../.gantry', import.meta.url)))!;
  const adminSocket = join(folder, 'admin.sock');
  const envoy = stack.use(
    spawnEnvoy({ binary, xdsAddress: candidate.xdsAddress, nodeId: 'bench', adminSocket, concurrency: 1 }),
  );
  await envoy.ready(AbortSignal.timeout(30_000));
  candidate.setPod(pod.port);
  while ((await ask(candidate.port)) !== 200) await delay(50);
  const times: number[] = [];
  let failed = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    candidate.setPod(undefined);
    await delay(300);
    const answer = ask(candidate.port);
    await delay(100);
    const startMs = performance.now();
    candidate.setPod(pod.port);
    if ((await answer) === 200) times.push(performance.now() - startMs);
    else failed++;
  }
  candidate.setPod(undefined);
  await delay(300);
  const before = [await rssMib(envoy.pid!), process.memoryUsage.rss() / 2 ** 20] as const;
  const agent = new Agent({ maxSockets: manyHeld });
  const many = Array.from({ length: manyHeld }, () => ask(candidate.port, agent));
  await delay(2_000);
  const after = [await rssMib(envoy.pid!), process.memoryUsage.rss() / 2 ** 20] as const;
  candidate.setPod(pod.port);
  const lost = (await Promise.all(many)).filter((status) => status !== 200).length;
  const kib = (i: 0 | 1): string => (((after[i] - before[i]) * 1024) / manyHeld).toFixed(0).padStart(5);
  return `${name.padEnd(24)} ${quantile(times, 0.5)} ${quantile(times, 0.99)} ${String(failed).padStart(6)} ${kib(0)} ${kib(1)} ${String(lost).padStart(6)}`;
}

console.log(describeMachine());
console.log(
  `${cycles} cycles; then ${manyHeld} requests held at once. Milliseconds from the pod's endpoint to the first byte; KiB of each held request, of this process those of the clients as well`,
);
console.log(`${''.padEnd(24)}     p50     p99 failed Envoy  here   lost`);
for (const [name, start] of [
  ['rate limit filter', rateLimit],
  ['on-demand discovery', onDemand],
  ['a proxy', proxy],
] as const) {
  console.log(await measure(name, start));
}
process.exit();
