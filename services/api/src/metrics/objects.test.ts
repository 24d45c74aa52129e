import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admitPeers } from '@gantry/client/guard.ts';
import { trafficService } from '@gantry/client/protos.ts';
import { serveGrpc } from '@gantry/client/serve.ts';
import { summarized, trafficAddressAnnotation } from '@gantry/client/traffic.ts';
import type { MeasureTrafficRequest, TrafficCounts } from '@gantry/client/traffic-messages.ts';
import type { Lease } from '@gantry/model/gen/gantry.coordination.v1.ts';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RestClient } from '../rest/testing/client.ts';
import { testCredentials } from '../testing/harness.ts';
import { playPrometheus, vector } from './testing/prometheus.ts';

// custom.metrics.k8s.io and external.metrics.k8s.io over REST and gRPC, between clients and the xDS server, Prometheus and adapter that this test plays.

const patient = { timeout: 20_000 };
const custom = '/apis/custom.metrics.k8s.io';
const external = '/apis/external.metrics.k8s.io/v1beta1';
const owned = new AsyncDisposableStack();
let rest: RestClient;
/** Counts of Envoys, as the xDS server tells them. */
let counted: { series: readonly TrafficCounts[]; problem: string } = { series: [], problem: '' };

const rules = `
rules:
- seriesQuery: jobs
  resources: {overrides: {namespace: {resource: namespace}, service: {resource: service}}}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)
externalRules:
- seriesQuery: queue
  resources: {namespaced: false}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)
`;

const web: TrafficCounts = {
  ...{ namespace: 'default', service: 'web', port: 80, revision: '', route: 'all', tcp: false },
  ...{ requests: 600, errors: 0, latencyCounts: [600, 0], perSecond: 12.5, active: 4 },
};

beforeAll(async () => {
  const prometheus = owned.use(await playPrometheus());
  prometheus.series.set('jobs', [{ __name__: 'jobs', namespace: 'default', service: 'web' }]);
  prometheus.series.set('queue', [{ __name__: 'queue_length', queue: 'mail' }]);
  prometheus.answer = (expression, response) =>
    (expression.startsWith('sum(jobs') ? vector([{ service: 'web' }, '7']) : vector([{ queue: 'mail' }, '3']))(
      expression,
      response,
    );
  const folder = await mkdtemp(join(tmpdir(), 'metric-rules-'));
  owned.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'rules.yaml'), rules);
  const metrics = { prometheus: prometheus.address, rules: join(folder, 'rules.yaml') };
  rest = owned.use(await RestClient.start({ metrics }));
  await startXds();
  const ports = [{ name: 'http', port: 80 }];
  for (const name of ['web', 'quiet']) {
    await rest.ask('POST', '/api/v1/namespaces/default/services', {
      metadata: { name, labels: { tier: name } },
      spec: { ports },
    });
  }
  await vi.waitUntil(async () => (await listed(`${custom}/v1beta2`)).includes('services/jobs'), patient);
});
afterAll(() => owned.disposeAsync());

async function startXds(): Promise<void> {
  const Measure = (call: ServerUnaryCall<MeasureTrafficRequest, object>, reply: sendUnaryData<object>): void => {
    const boundsMs = [10];
    const { series, problem } = counted;
    const own = series.filter(({ namespace }) => namespace === call.request.namespace);
    reply(null, {
      ...{ series: own.map((one) => summarized(one, boundsMs)), complete: problem === '', problem },
      ...{ boundsMs, windowSeconds: call.request.windowSeconds },
    });
  };
  const service = { name: 'TrafficService', definition: trafficService, handlers: { Measure } };
  const admit = admitPeers(testCredentials, []);
  const options = { host: '127.0.0.1', port: 0, maxRequestBytes: 10_000, credentials: testCredentials, admit };
  const server = owned.use(await serveGrpc([service], options));
  const lease: Lease = {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: {
      ...{ name: 'xds-lb', namespace: 'kube-system' },
      annotations: { [trafficAddressAnnotation]: `127.0.0.1:${server.port}` },
    },
    spec: { holderIdentity: 'somebody', renewTime: new Date().toISOString().replace('Z', '000Z') },
  };
  await rest.running.client.create(lease);
}

async function listed(path: string): Promise<string[]> {
  const { body } = await rest.ask('GET', path);
  return body.resources?.map(({ name }: { name: string }) => name) ?? [];
}

const as = (user: string) => ({ 'impersonate-user': user });

describe('metrics of objects', () => {
  const own = `${custom}/v1beta1/namespaces/default/services`;

  test('are told by name in the forms of both versions', async () => {
    counted = { series: [web], problem: '' };
    const { code, body } = await rest.ask('GET', `${own}/web/requests_per_second`);
    expect([code, body]).toEqual([
      200,
      {
        ...{ kind: 'MetricValueList', apiVersion: 'custom.metrics.k8s.io/v1beta1', metadata: {} },
        items: [
          {
            describedObject: { kind: 'Service', namespace: 'default', name: 'web', apiVersion: 'v1' },
            ...{ metricName: 'requests_per_second', timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
            ...{ windowSeconds: 20, value: '12500m', selector: null },
          },
        ],
      },
    ]);
    const second = `${custom}/v1beta2/namespaces/default/services/web/requests_per_second`;
    expect((await rest.ask('GET', `${second}?metricLabelSelector=port%3D80`)).body.items).toMatchObject([
      { metric: { name: 'requests_per_second', selector: { matchLabels: { port: '80' } } }, value: '12500m' },
    ]);
    expect((await rest.ask('GET', `${second}?metricLabelSelector=port+notin+(80)`)).code).toBe(404);
  });

  test('are told of all that a selector takes, and of namespaces', async () => {
    const names = async (selector: string): Promise<unknown> => {
      const { body } = await rest.ask(
        'GET',
        `${own}/*/requests_per_second?labelSelector=${encodeURIComponent(selector)}`,
      );
      return (
        body.items?.map(({ describedObject }: { describedObject: { name: string } }) => describedObject.name) ??
        body.code
      );
    };
    expect([await names('tier=web'), await names('tier=quiet'), await names('')]).toEqual([['web'], 404, ['web']]);
    const { body } = await rest.ask('GET', `${custom}/v1beta2/namespaces/default/metrics/requests_per_second`);
    expect(body.items).toMatchObject([{ describedObject: { kind: 'Namespace', name: 'default' }, value: '12500m' }]);
  });

  test('of Prometheus have names by their rules', async () => {
    const { body } = await rest.ask('GET', `${own}/web/jobs`);
    expect(body.items).toMatchObject([{ metricName: 'jobs', value: '7' }]);
  });

  test('are told over gRPC alike', async () => {
    const request = { resource: 'services', namespace: 'default', name: 'web', metric: 'active_requests' };
    expect(await rest.running.client.metrics.custom(request)).toMatchObject({
      values: [{ kind: 'Service', apiVersion: 'v1', namespace: 'default', name: 'web', value: '4', windowSeconds: 20 }],
    });
  });

  test.each([
    ['web/other', 404, 'the server could not find the metric other for services web'],
    ['quiet/requests_per_second', 404, 'the metric requests_per_second for services quiet: it has no value now'],
    ['gone/requests_per_second', 404, 'the metric requests_per_second for services gone: there is no such object'],
    ['web', 404, 'the server could not find the requested resource'],
    ['web/requests_per_second/more', 404, 'the server could not find the requested resource'],
    ['web/requests_per_second?metricLabelSelector=a%3E1', 400, 'labels are not compared'],
  ])('%s is refused with %d in the words of adapters', async (path, code, message) => {
    const { body } = await rest.ask('GET', `${own}/${path}`);
    expect([body.kind, body.code, body.message]).toEqual(['Status', code, expect.stringContaining(message)]);
  });

  test('are read alone', async () => {
    expect((await rest.ask('POST', `${own}/web/requests_per_second`, {})).code).toBe(405);
  });
});

test('metrics of no object are told by namespace, metric and labels', async () => {
  const { code, body } = await rest.ask(
    'GET',
    `${external}/namespaces/default/queue_length?labelSelector=queue%3Dmail`,
  );
  expect([code, body]).toEqual([
    200,
    {
      ...{ kind: 'ExternalMetricValueList', apiVersion: 'external.metrics.k8s.io/v1beta1', metadata: {} },
      items: [
        {
          ...{ metricName: 'queue_length', metricLabels: { queue: 'mail' } },
          ...{ timestamp: expect.stringMatching(/Z$/), value: '3' },
        },
      ],
    },
  ]);
  const { values } = await rest.running.client.metrics.external({ namespace: 'default', metric: 'queue_length' });
  expect(values).toMatchObject([{ metric: 'queue_length', labels: { queue: 'mail' }, value: '3' }]);
  const missing = await rest.ask('GET', `${external}/namespaces/default/none`);
  expect([missing.code, missing.body.message]).toEqual([404, 'the server could not find the external metric none']);
});

test('discovery lists the metrics that there are', async () => {
  expect(await listed(`${custom}/v1beta1`)).toEqual(
    expect.arrayContaining([
      'services/jobs',
      'services/latency_p99',
      'pods/requests_per_second',
      'deployments.apps/active_requests',
    ]),
  );
  expect(await listed(external)).toEqual(expect.arrayContaining(['queue_length', 'requests_per_second']));
  const { body: group } = await rest.ask('GET', custom);
  expect(group).toMatchObject({ kind: 'APIGroup', preferredVersion: { version: 'v1beta2' } });
  const { body: list } = await rest.ask('GET', `${custom}/v1beta2`);
  expect(list).toMatchObject({ kind: 'APIResourceList', groupVersion: 'custom.metrics.k8s.io/v1beta2' });
  expect(list.resources.find(({ name }: { name: string }) => name === 'services/jobs')).toEqual({
    ...{ name: 'services/jobs', singularName: '', namespaced: true, kind: 'MetricValueList', verbs: ['get'] },
  });
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { body } = await rest.ask('GET', '/apis', undefined, { accept });
  const names = body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  expect(names).toEqual(expect.arrayContaining(['custom.metrics.k8s.io', 'external.metrics.k8s.io']));
});

test('silent Envoys make metrics unavailable, and never wrong', async () => {
  counted = { series: [web], problem: 'an Envoy is silent' };
  const answer = () => rest.ask('GET', `${custom}/v1beta1/namespaces/default/services/web/requests_per_second`);
  await expect.poll(async () => (await answer()).code, patient).toBe(503);
  expect((await answer()).body.message).toBe(
    'the server could not find the metric requests_per_second for services web: the statistics of Envoys are not complete: an Envoy is silent',
  );
  counted = { series: [web], problem: '' };
  await expect.poll(async () => (await answer()).code, patient).toBe(200);
});

test('roles say who may read them, over REST and gRPC', async () => {
  const path = `${custom}/v1beta1/namespaces/default/services/web/jobs`;
  const forbidden = await rest.ask('GET', path, undefined, as('jane'));
  expect([forbidden.code, forbidden.body.message]).toEqual([
    403,
    'services.custom.metrics.k8s.io "web" is forbidden: User "jane" cannot get resource "services/jobs" in API group "custom.metrics.k8s.io" in the namespace "default"',
  ]);
  const autoscaler = as('system:serviceaccount:kube-system:horizontal-pod-autoscaler');
  expect((await rest.ask('GET', path, undefined, autoscaler)).code).toBe(200);
  expect((await rest.ask('GET', `${external}/namespaces/default/queue_length`, undefined, autoscaler)).code).toBe(200);
  expect((await rest.ask('GET', `${external}/namespaces/default/queue_length`, undefined, as('jane'))).code).toBe(403);
});

describe("an adapter of the user's", () => {
  const name = 'v1beta1.custom.metrics.k8s.io';
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';

  test('is asked by both edges in all versions, until its API service goes', async () => {
    const { port, cert, asked } = await startAdapter();
    await rest.ask('POST', '/api/v1/namespaces/kube-system/services', {
      metadata: { name: 'adapter' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    const made = await rest.ask('POST', apiServices, {
      metadata: { name },
      spec: {
        ...{ group: 'custom.metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
        ...{ service: { namespace: 'kube-system', name: 'adapter', port }, caBundle: btoa(cert) },
      },
    });
    expect(made.code).toBe(201);
    const path = '/namespaces/default/services/web/jobs';
    const told = async () => (await rest.ask('GET', `${custom}/v1beta1${path}`)).body.items?.[0]?.value;
    await expect.poll(told, patient).toBe('99');
    const request = { resource: 'services', namespace: 'default', name: 'web', metric: 'jobs' };
    expect(await rest.running.client.metrics.custom({ ...request, metricSelector: 'a=b' })).toMatchObject({
      values: [{ name: 'web', metric: 'jobs', value: '99', windowSeconds: 60 }],
    });
    expect(asked.at(-1)).toBe(`${custom}/v1beta1${path}?metricLabelSelector=a%3Db`);
    await rest.running.client.metrics.custom({
      ...request,
      resource: 'deployments',
      group: 'apps',
      name: '',
      labelSelector: 'c=d',
    });
    expect(asked.at(-1)).toBe(`${custom}/v1beta1/namespaces/default/deployments.apps/*/jobs?labelSelector=c%3Dd`);
    // A client that prefers the other version must not be told something else.
    expect((await rest.ask('GET', `${custom}/v1beta2${path}`)).code).toBe(404);
    expect((await rest.ask('GET', custom)).body.versions).toMatchObject([{ version: 'v1beta1' }]);
    await rest.ask('DELETE', `${apiServices}/${name}`);
    await expect.poll(told, patient).toBe('7');
  });

  async function startAdapter(): Promise<{ port: number; cert: string; asked: string[] }> {
    const authority = await createAuthority('adapter-ca', Date.now());
    const pair = await issue(
      authority,
      { commonName: 'adapter', dns: ['adapter.kube-system.svc'], uses: ['server'] },
      Date.now(),
    );
    const asked: string[] = [];
    const server = createServer(pair, (request, response) => {
      const isMetric = request.url!.includes('/jobs');
      if (isMetric) asked.push(request.url!);
      const item = {
        describedObject: { kind: 'Service', namespace: 'default', name: 'web', apiVersion: '/v1' },
        ...{ metricName: 'jobs', timestamp: '2026-01-01T00:00:00Z', windowSeconds: 60, value: '99', selector: null },
      };
      const list = {
        kind: 'MetricValueList',
        apiVersion: 'custom.metrics.k8s.io/v1beta1',
        metadata: {},
        items: [item],
      };
      const resources = { kind: 'APIResourceList', groupVersion: 'custom.metrics.k8s.io/v1beta1', resources: [] };
      const body = JSON.stringify(isMetric ? list : resources);
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    owned.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, cert: authority.cert, asked };
  }
});
