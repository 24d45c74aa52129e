import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig } from '@gantry/scheduler/config.ts';
import { startScheduler } from '@gantry/scheduler/service.ts';
import { defaultConfig as defaultXdsConfig } from '@gantry/xds-lb/config.ts';
import { startXdsLb } from '@gantry/xds-lb/service.ts';
import { openSources } from '@gantry/xds-lb/sources.ts';
import { startTestEnvoy } from '@gantry/xds-lb/testing/harness.ts';
import { freePort, startEcho } from 'envoy-control-plane-ts/testing/http-echo.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';

// Deployments that follow the requests that a real Envoy counts, and a metric of Prometheus: a real one where this machine has it.

let owned: AsyncDisposableStack;
let folder: string;
const namespace = 'default';
const soon = { timeout: 60_000, interval: 100 };

beforeEach(async () => {
  owned = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'gantry-autoscaling-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
});
afterEach(() => owned.disposeAsync());

/** A cluster with everything but containers and xDS. */
async function startCluster(metrics: { prometheus?: string; rules?: string } = {}): Promise<TestApi> {
  const running = owned.use(await startTestApi({ metrics }));
  const deps = { client: running.client, clock: systemClock, log: silentLogger };
  const autoscaling = { ...defaultControllersConfig.autoscaling, syncPeriodMs: 1_000 };
  owned.use(startControllers({ ...defaultControllersConfig, identity: 'test', autoscaling }, deps));
  owned.use(startScheduler({ ...defaultSchedulerConfig, identity: 'test' }, deps));
  const size = { count: 2, cpuCount: 8, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 1_000, healthMs: 1_000, reportMs: 10_000 };
  owned.use(await startHollowNodes({ ...size, namePrefix: 'n', rootDir: folder, startMs: 20, nodeTimes }, deps));
  return running;
}

function deployment(): object {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
    spec: {
      ...{ replicas: 1, selector: { matchLabels: { app: 'web' } } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  };
}

function autoscaler(metric: object): object {
  const policies = [{ type: 'Pods', value: 10, periodSeconds: 1 }];
  const rules = { stabilizationWindowSeconds: 0, policies };
  return {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace } },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      ...{ minReplicas: 1, maxReplicas: 10, metrics: [metric], behavior: { scaleUp: rules, scaleDown: rules } },
    },
  };
}

async function replicas({ client }: TestApi): Promise<number | undefined> {
  return (await client.get('Deployment', { namespace, name: 'web' })).status?.readyReplicas ?? 0;
}

/** Whether the autoscaler has its metric, and why not. */
async function scalingActive({ client }: TestApi): Promise<string> {
  const { status } = await client.get('HorizontalPodAutoscaler', { namespace, name: 'web' });
  const active = status?.conditions?.find(({ type }) => type === 'ScalingActive');
  return `${active?.status} ${active?.message}`;
}

/** An address of this machine that an endpoint may have. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ internal, address }) => !internal && isIPv4(address));
  if (found === undefined) throw new Error('this machine has no address but loopback');
  return found.address;
}

/** Sends requests at a rate that may change; one that fails counts. */
function startLoad(port: number): AsyncDisposable & { perSecond: number; failed: number } {
  const load = { perSecond: 0, failed: 0 };
  const ask = (): void => {
    get({ host: '127.0.0.1', port }, (response) => {
      if (response.statusCode !== 200) load.failed++;
      response.resume();
    }).on('error', () => load.failed++);
  };
  let due = 0;
  const timer = setInterval(() => {
    for (due += load.perSecond / 20; due >= 1; due--) ask();
  }, 50);
  return Object.assign(load, { [Symbol.asyncDispose]: async () => clearInterval(timer) });
}

test('replicas follow the requests per second of a Service, up and down', async () => {
  const cluster = await startCluster();
  const { client } = cluster;
  const [echo, port] = [owned.use(await startEcho('web', 0, '0.0.0.0')), await freePort()];
  const xds = owned.use(
    await startXdsLb(
      { ...defaultXdsConfig, xdsPort: 0, trustNetwork: true, traffic: { listen: '127.0.0.1:0', identity: 'xds' } },
      {
        ...owned.use(openSources({ client, log: silentLogger })),
        ...{ statusWriter: client, leases: client, events: { record: () => {} } },
        ...{ log: silentLogger, credentials: testCredentials },
      },
    ),
  );
  // Hollow pods answer nobody: one server stands for all of them.
  await client.apply(
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace } },
      spec: { type: 'LoadBalancer', ports: [{ name: 'http', port }] },
    }),
  );
  await client.apply(
    JSON.stringify({
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name: 'web-1', namespace, labels: { 'kubernetes.io/service-name': 'web' } },
      ...{ ports: [{ name: 'http', port: echo.port }], endpoints: [{ addresses: [ownAddress()] }] },
    }),
  );
  const envoy = owned.use(await startTestEnvoy(xds.xdsAddress));
  await envoy.ready(AbortSignal.timeout(20_000));
  await client.apply(JSON.stringify(deployment()));
  const object = {
    describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' },
    ...{ metric: { name: 'requests_per_second' }, target: { type: 'AverageValue', averageValue: '10' } },
  };
  await client.apply(JSON.stringify(autoscaler({ type: 'Object', object })));
  // Nobody scales by half of the truth: xDS has not run for the window yet.
  await expect.poll(() => scalingActive(cluster), soon).toContain('False');
  expect(await scalingActive(cluster)).toContain(
    'the server could not find the metric requests_per_second for services web',
  );
  await expect.poll(() => scalingActive(cluster), soon).toContain('True');
  expect(await replicas(cluster)).toBe(1);

  const load = owned.use(startLoad(port));
  load.perSecond = 40;
  await expect.poll(() => replicas(cluster), soon).toBe(4);
  const { values } = await client.metrics.custom({
    ...{ resource: 'services', namespace, name: 'web', metric: 'requests_per_second' },
    metricSelector: `port=${port}`,
  });
  expect(Number.parseFloat(values[0]!.value)).toBeGreaterThan(0);
  expect(load.failed).toBe(0);

  // Without an Envoy nobody knows the load: replicas stay until one has been there for the whole window.
  process.kill(envoy.pid!, 'SIGKILL');
  await expect.poll(() => scalingActive(cluster), soon).toContain('False');
  const seen = new Set<number | undefined>();
  await expect
    .poll(async () => {
      seen.add(await replicas(cluster));
      return scalingActive(cluster);
    }, soon)
    .toContain('True');
  expect([...seen, await replicas(cluster)]).toEqual([4, 4]);
  load.perSecond = 0;
  await expect.poll(() => replicas(cluster), soon).toBe(1);
}, 180_000);

const rules = `
externalRules:
- seriesQuery: '{__name__="jobs_waiting",queue!=""}'
  resources: {namespaced: false}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)
`;

/** Serves a number of waiting jobs as Prometheus' text. */
async function startExporter(): Promise<{ waiting: number; readonly target: string }> {
  const exported = { waiting: 0, target: '' };
  const server = createServer((_, response) => {
    response
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end(`jobs_waiting{queue="mail"} ${exported.waiting}\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  exported.target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return exported;
}

/** The Prometheus of this machine: GANTRY_PROMETHEUS, or the one on the PATH; undefined where there is none. */
async function findPrometheus(): Promise<string | undefined> {
  const named = [
    process.env.GANTRY_PROMETHEUS ?? '',
    ...process.env.PATH!.split(delimiter).map((each) => join(each, 'prometheus')),
  ];
  for (const path of named.filter((each) => each !== '')) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/** Starts Prometheus, which reads the exporter each second. Returns its address. */
async function startPrometheus(binary: string, target: string): Promise<string> {
  const port = await freePort();
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [{ job_name: 'jobs', static_configs: [{ targets: [target] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/tsdb`];
  const child = spawn(binary, [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  owned.defer(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  return `http://127.0.0.1:${port}`;
}

/** Answers in Prometheus' place, with what the exporter has now. */
async function standIn(exported: { readonly waiting: number }): Promise<string> {
  const server = createServer((request, response) => {
    const sample = { metric: { queue: 'mail' }, value: [Date.now() / 1_000, String(exported.waiting)] };
    const data = request.url!.endsWith('/series')
      ? [{ __name__: 'jobs_waiting', queue: 'mail' }]
      : { resultType: 'vector', result: [sample] };
    request.resume().on('end', () => response.end(JSON.stringify({ status: 'success', data })));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('replicas follow a metric of Prometheus by rules', async () => {
  const exported = await startExporter();
  exported.waiting = 12;
  const binary = await findPrometheus();
  const prometheus = binary === undefined ? await standIn(exported) : await startPrometheus(binary, exported.target);
  await writeFile(join(folder, 'rules.yaml'), rules);
  const cluster = await startCluster({ prometheus, rules: join(folder, 'rules.yaml') });
  await cluster.client.apply(JSON.stringify(deployment()));
  const external = {
    metric: { name: 'jobs_waiting', selector: { matchLabels: { queue: 'mail' } } },
    target: { type: 'AverageValue', averageValue: '4' },
  };
  await cluster.client.apply(JSON.stringify(autoscaler({ type: 'External', external })));
  await expect.poll(() => replicas(cluster), soon).toBe(3);
  exported.waiting = 25;
  await expect.poll(() => replicas(cluster), soon).toBe(7);
  exported.waiting = 0;
  await expect.poll(() => replicas(cluster), soon).toBe(1);
}, 180_000);
