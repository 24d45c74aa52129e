import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ContainerStats, StatsResponse } from '@gantry/client/pod-messages.ts';
import { podService } from '@gantry/client/protos.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { createAuthority, issue } from '@gantry/pki/authority.ts';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RestClient } from '../rest/testing/client.ts';
import { podNamed } from '../testing/harness.ts';

// metrics.k8s.io over REST and gRPC, between clients and node agents that this test plays.

const patient = { timeout: 20_000 };
const path = '/apis/metrics.k8s.io/v1beta1';
const owned = new AsyncDisposableStack();
let rest: RestClient;
/** Answers of the agent of each node, by its name. */
const answers = new Map<string, StatsResponse>();

beforeAll(async () => {
  rest = owned.use(await RestClient.start());
  for (const name of ['worker', 'other']) await addNode(name, `127.0.0.1:${await startAgent(name)}`);
  await addNode('silent', '127.0.0.1:1');
  const web = await addPod('web', 'worker', { app: 'web' });
  const fresh = await addPod('fresh', 'worker', { app: 'web' });
  const again = await addPod('again', 'other', { app: 'again' });
  await addPod('lost', 'silent', { app: 'web' });
  await addPod('pending', undefined, { app: 'web' });
  const node = { cpuNanocores: 250_000_000, memoryWorkingSetBytes: 2 ** 30, timestampMs: at, windowMs: 10_000 };
  answers.set('worker', {
    containers: [
      stats(web, { container: 'main' }),
      stats(web, { container: 'side', cpuNanocores: 1_234_567, memoryWorkingSetBytes: 1_000 }),
      stats(fresh, { windowMs: 0, cpuNanocores: 0 }),
    ],
    node,
  });
  // The pod before this one had the same name.
  answers.set('other', { containers: [stats('uid-of-the-one-before', { pod: 'again' })], node: null });
  expect(again).not.toBe('');
});
afterAll(() => owned.disposeAsync());

const at = Date.parse('2026-01-01T00:00:10Z');

function stats(podUid: string, more: Partial<ContainerStats> = {}): ContainerStats {
  return {
    ...{ namespace: 'default', pod: 'web', podUid, container: 'main', nodeName: 'worker', timestampMs: at },
    ...{ cpuUsageNanoseconds: 1, cpuNanocores: 5_000_000, memoryWorkingSetBytes: 2 ** 20, windowMs: 10_021, ...more },
  };
}

function startAgent(name: string): Promise<number> {
  const server = new Server();
  server.addService(podService, {
    Stats: (_: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => callback(null, answers.get(name)!),
  } as never);
  owned.defer(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

async function addNode(name: string, address: string): Promise<void> {
  const { client } = rest.running;
  const metadata = { name, labels: { kind: name }, annotations: { 'gantry.dev/agent-address': address } };
  const created = await client.create<Node>({ apiVersion: 'v1', kind: 'Node', metadata });
  await client.updateStatus<Node>({ ...created, status: { allocatable: { cpu: '8', memory: '8Gi', pods: '50' } } });
}

async function addPod(name: string, nodeName: string | undefined, labels: Record<string, string>): Promise<string> {
  const { client } = rest.running;
  const created = await client.create(podNamed(name, { labels }));
  const uid = created.metadata.uid!;
  if (nodeName !== undefined) await client.bind([{ namespace: 'default', name, uid, nodeName }], 'test');
  return uid;
}

const as = (user: string) => ({ 'impersonate-user': user });
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

describe('pods', () => {
  test('are told with their containers, without those that nobody measured', async () => {
    const { code, body } = await rest.ask('GET', `${path}/namespaces/default/pods`);
    expect([code, body.kind, body.apiVersion]).toEqual([200, 'PodMetricsList', 'metrics.k8s.io/v1beta1']);
    expect(body.items).toEqual([
      {
        metadata: {
          ...{ name: 'web', namespace: 'default', labels: { app: 'web' } },
          creationTimestamp: expect.stringMatching(/Z$/),
        },
        timestamp: '2026-01-01T00:00:10Z',
        window: '10.021s',
        containers: [
          { name: 'main', usage: { cpu: '5m', memory: '1Mi' } },
          { name: 'side', usage: { cpu: '1234567n', memory: '1000' } },
        ],
      },
    ]);
  });

  test('are selected by labels, fields and namespace', async () => {
    const names = async (url: string): Promise<string[]> => {
      const { body } = await rest.ask('GET', `${path}${url}`);
      return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    };
    expect(await names('/pods?labelSelector=app%3Dweb')).toEqual(['web']);
    expect(await names('/pods?labelSelector=app%21%3Dweb')).toEqual([]);
    expect(await names('/pods?fieldSelector=metadata.name%3Dweb')).toEqual(['web']);
    expect(await names('/pods?fieldSelector=metadata.name%3Dother')).toEqual([]);
    expect(await names('/namespaces/kube-system/pods')).toEqual([]);
  });

  test('are found by name, or not', async () => {
    expect((await rest.ask('GET', `${path}/namespaces/default/pods/web`)).body).toMatchObject({
      ...{ kind: 'PodMetrics', metadata: { name: 'web' } },
    });
    const missing = await rest.ask('GET', `${path}/namespaces/default/pods/lost`);
    expect([missing.code, missing.body.message]).toEqual([404, 'pods.metrics.k8s.io "lost" not found']);
  });

  test('are told over gRPC alike', async () => {
    const { pods } = await rest.running.client.metrics.pods({ namespace: 'default', labelSelector: 'app=web' });
    expect(pods).toMatchObject([
      { name: 'web', timestampMs: at, windowMs: 10_021, containers: [{ name: 'main' }, {}] },
    ]);
    const one = rest.running.client.metrics.pods({ name: 'web' });
    await expect(one).rejects.toMatchObject({ reason: 'BadRequest', message: 'namespace: Required value' });
  });
});

test('nodes are told, without those that are silent or new', async () => {
  const { body } = await rest.ask('GET', `${path}/nodes`, undefined, table);
  expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'cpu', 'memory', 'Window']);
  expect(body.rows.map(({ cells }: { cells: string[] }) => cells)).toEqual([['worker', '250m', '1Gi', '10s']]);
  expect((await rest.ask('GET', `${path}/nodes/silent`)).body.message).toBe('nodes.metrics.k8s.io "silent" not found');
  expect(await rest.running.client.metrics.nodes({ labelSelector: 'kind=worker' })).toMatchObject({
    nodes: [{ name: 'worker', cpuNanocores: 250_000_000 }],
  });
});

test('the group is discovered, with the schemas of its kinds', async () => {
  const { body } = await rest.ask('GET', path);
  expect(body.resources).toEqual([
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ]);
  const { body: schemas } = await rest.ask('GET', '/openapi/v3/apis/metrics.k8s.io/v1beta1');
  const { properties } = schemas.components.schemas['io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics'];
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(['timestamp', 'window', 'containers']));
  const write = await rest.ask('POST', `${path}/namespaces/default/pods`, {});
  expect(write.code).toBe(405);
});

test('protobuf is spoken', async () => {
  const accept = 'application/vnd.kubernetes.protobuf';
  const { code, bytes } = await rest.ask('GET', `${path}/namespaces/default/pods/web`, undefined, { accept });
  expect([code, bytes.subarray(0, 4).toString('latin1')]).toEqual([200, 'k8s\0']);
  expect(bytes.includes(Buffer.from('side'))).toBe(true);
});

test('viewers may read them, others may not, over REST and gRPC', async () => {
  const forbidden = await rest.ask('GET', `${path}/namespaces/default/pods`, undefined, as('jane'));
  expect([forbidden.code, forbidden.body.message]).toEqual([
    403,
    'pods.metrics.k8s.io is forbidden: User "jane" cannot list resource "pods" in API group "metrics.k8s.io" in the namespace "default"',
  ]);
  await rest.ask('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'jane-views' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  });
  const code = async () => (await rest.ask('GET', `${path}/namespaces/default/pods`, undefined, as('jane'))).code;
  await expect.poll(code, patient).toBe(200);
});

describe('a server of the user', () => {
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
  const name = 'v1beta1.metrics.k8s.io';

  test('is asked by both edges once the API service points at it, until that goes', async () => {
    const own = (await rest.ask('GET', `${apiServices}/${name}`)).body;
    expect(own).toMatchObject({ spec: { groupPriorityMinimum: 100 }, status: { conditions: [{ reason: 'Local' }] } });
    // The label by which the api would take it back.
    expect(own.metadata.labels).toBeUndefined();
    const { port, cert } = await startServer();
    await rest.ask('POST', '/api/v1/namespaces/kube-system/services', {
      metadata: { name: 'metrics-server' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    const spec = { service: { namespace: 'kube-system', name: 'metrics-server', port }, caBundle: btoa(cert) };
    await rest.ask('PATCH', `${apiServices}/${name}`, { spec }, { 'content-type': 'application/merge-patch+json' });
    const told = async () => (await rest.ask('GET', `${path}/namespaces/default/pods`)).body.items?.[0]?.metadata.name;
    await expect.poll(told, patient).toBe('told-by-another');
    expect(await rest.running.client.metrics.pods({ namespace: 'default', labelSelector: 'a=b' })).toEqual({
      pods: [
        {
          ...{ name: 'told-by-another', namespace: 'default', timestampMs: at, windowMs: 15_500 },
          containers: [{ name: 'main', cpuNanocores: 123_456, memoryWorkingSetBytes: 2048 }],
        },
      ],
    });
    const refused = rest.running.client.metrics.nodes({});
    await expect(refused).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    await rest.ask('DELETE', `${apiServices}/${name}`);
    await expect.poll(told, patient).toBe('web');
  });

  async function startServer(): Promise<{ port: number; cert: string }> {
    const authority = await createAuthority('metrics-ca', Date.now());
    const names = ['metrics-server.kube-system.svc'];
    const pair = await issue(authority, { commonName: 'metrics', dns: names, uses: ['server'] }, Date.now());
    const server = createServer(pair, (request, response) => {
      if (request.url?.startsWith(`${path}/nodes`)) return void response.writeHead(500).end('broken');
      const usage = { cpu: '123456n', memory: '2Ki' };
      const metadata = { name: 'told-by-another', namespace: 'default' };
      const item = {
        metadata,
        timestamp: '2026-01-01T00:00:10Z',
        window: '15.5s',
        containers: [{ name: 'main', usage }],
      };
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ kind: 'PodMetricsList', items: [item] }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    owned.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, cert: authority.cert };
  }
});
