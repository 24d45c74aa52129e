import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApi, type TestApi, testCredentials } from '@gantry/api/testing/harness.ts';
import { type Cloud, type Route, serveCloud } from '@gantry/cloud-provider/cloud.ts';
import { atSocket } from '@gantry/cloud-provider/serve.ts';
import { defaultControllersConfig, startControllers } from '@gantry/controllers/service.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

// Nodes and Services in step with a cloud: api, controllers and hollow nodes, and a cloud that is served over a socket.

const patience = { timeout: 20_000, interval: 100 };
const owned = new AsyncDisposableStack();
let running: TestApi;
/** Load balancers by the Service's name, with the nodes that they lead to. */
const balancers = new Map<string, readonly string[]>();
/** Routes by their names; the first is another's. */
const routes = new Map<string, Route>();
const foreign = { name: 'vpn', targetNode: 'n-1', destinationCIDR: '10.244.9.0/24', blackhole: false };
routes.set('vpn', foreign);
const gone = new Set<string>();
let refusals = 1;
let routeRefusals = 1;

const cloud: Cloud = {
  instance: async ({ nodeName }) =>
    gone.has(nodeName)
      ? { state: 'GONE' }
      : {
          state: 'RUNNING',
          providerID: `test://${nodeName}`,
          zone: 'z1',
          addresses: [{ type: 'ExternalIP', address: '203.0.113.9' }],
        },
  ensureLoadBalancer: async ({ metadata }, nodes) => {
    if (refusals-- > 0) throw new GantryError('TooManyRequests', 'no address left');
    balancers.set(metadata.name, nodes.map((node) => node.metadata.name).sort());
    return [{ ip: '198.51.100.1', ipMode: 'Proxy' }];
  },
  deleteLoadBalancer: async ({ metadata }) => void balancers.delete(metadata.name),
  listRoutes: async () => [...routes.values()],
  createRoute: async (_, route) => {
    if (routeRefusals-- > 0) throw new GantryError('TooManyRequests', 'the table is full');
    routes.set(route.name, route);
  },
  deleteRoute: async (_, { name }) => void routes.delete(name),
};

let endNodes: () => Promise<void>;

beforeAll(async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'gantry-cloud-'));
  owned.defer(() => rm(rootDir, { recursive: true, force: true }));
  const socket = join(rootDir, 'cloud.sock');
  owned.use(await serveCloud(cloud, { at: atSocket(socket), log: silentLogger }));
  running = owned.use(await startTestApi());
  const { client, bus } = running;
  const deps = { client, bus, clock: systemClock, log: silentLogger, credentials: testCredentials };
  const provider = { address: `unix:${socket}`, insecure: false, timeoutMs: 5_000 };
  const own = {
    identity: 'test',
    silenceConfirmMs: 100,
    cloud: {
      provider,
      loadBalancerClass: 'test',
      routes: { clusterName: 'test', clusterCidrs: ['10.244.0.0/16'], periodMs: 500 },
    },
  };
  owned.use(startControllers({ ...defaultControllersConfig, ...own }, deps));
  const size = { count: 2, cpuCount: 4, memoryBytes: 8 * 2 ** 30 };
  const nodeTimes = { heartbeatMs: 500, healthMs: 500, reportMs: 300_000 };
  const nodes = await startHollowNodes({ ...size, namePrefix: 'n', rootDir, startMs: 20, nodeTimes }, deps);
  endNodes = async () => await nodes[Symbol.asyncDispose]();
}, 60_000);

afterAll(() => owned.disposeAsync());

test('a node is told what its machine is, and is free for pods then', async () => {
  const taints = [{ key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' }];
  await running.client.patch('Node', { name: 'n-0' }, { type: 'merge', body: { spec: { taints } } });
  await vi.waitFor(async () => {
    const { metadata, spec, status } = await running.client.get('Node', { name: 'n-0' });
    expect(spec?.taints ?? []).toEqual([]);
    expect(spec?.providerID).toBe('test://n-0');
    expect(metadata.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'z1' });
    expect(status?.addresses?.map(({ type }) => type)).toEqual(['InternalIP', 'Hostname', 'ExternalIP']);
  }, patience);
});

test('a Service has the load balancer of its class, and does not go before it', async () => {
  const name = { namespace: 'default', name: 'web' };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: name,
    spec: { type: 'LoadBalancer', loadBalancerClass: 'test', ports: [{ port: 80 }], selector: { app: 'web' } },
  };
  const other = {
    ...service,
    metadata: { ...name, name: 'other' },
    spec: { ...service.spec, loadBalancerClass: 'else' },
  };
  await running.client.apply(JSON.stringify(other));
  await running.client.apply(JSON.stringify(service));
  // The first call was refused.
  await vi.waitFor(async () => {
    const { metadata, status } = await running.client.get('Service', name);
    expect(metadata.finalizers).toEqual(['service.kubernetes.io/load-balancer-cleanup']);
    expect(status?.loadBalancer?.ingress).toEqual([{ ip: '198.51.100.1', ipMode: 'Proxy' }]);
  }, patience);
  expect([...balancers]).toEqual([['web', ['n-0', 'n-1']]]);
  await vi.waitFor(async () => {
    const { items } = await running.client.list('Event', { namespace: 'default' });
    expect(new Set(items.map(({ reason }) => reason))).toEqual(
      new Set(['Synced', 'EnsuringLoadBalancer', 'SyncLoadBalancerFailed', 'EnsuredLoadBalancer']),
    );
  }, patience);
  await running.client.delete('Service', name);
  await vi.waitFor(async () => {
    await expect(running.client.get('Service', name)).rejects.toMatchObject({ reason: 'NotFound' });
  }, patience);
  expect(balancers.size).toBe(0);
});

test("a node's pods are routed to it, and it says so", async () => {
  const uids = new Map<string, string>();
  for (const [index, name] of ['n-0', 'n-1'].entries()) {
    const body = { spec: { podCIDR: `10.244.${index}.0/24` } };
    const { metadata } = await running.client.patch('Node', { name }, { type: 'merge', body });
    uids.set(name, metadata.uid!);
    // The first route is refused once: the node takes no pods until it has one.
    await vi.waitFor(async () => {
      const { status, spec } = await running.client.get('Node', { name });
      expect(status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')).toMatchObject({
        status: 'False',
        reason: 'RouteCreated',
        message: 'RouteController created a route',
      });
      expect(spec?.taints ?? []).toEqual([]);
    }, patience);
  }
  const name = (node: string): string => `test-${uids.get(node)}`;
  expect([...routes.values()]).toEqual([
    foreign,
    { name: name('n-0'), targetNode: 'n-0', destinationCIDR: '10.244.0.0/24', blackhole: false },
    { name: name('n-1'), targetNode: 'n-1', destinationCIDR: '10.244.1.0/24', blackhole: false },
  ]);
  await vi.waitFor(async () => {
    const { items } = await running.client.list('Event', { namespace: 'default' });
    expect(items.filter(({ reason }) => reason === 'FailedToCreateRoute').map(({ message }) => message)).toEqual([
      expect.stringContaining('for node n-0: cloud unix:'),
    ]);
  }, patience);
});

test('a node whose machine is gone goes as well; one that is only silent stays', async () => {
  gone.add('n-1');
  await endNodes();
  await vi.waitFor(async () => {
    const { items } = await running.client.list('Node');
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['n-0']);
  }, patience);
  await vi.waitFor(
    () => expect([...routes.values()].map(({ targetNode }) => targetNode)).toEqual(['n-1', 'n-0']),
    patience,
  );
  expect(routes.get('vpn')).toEqual(foreign);
});
