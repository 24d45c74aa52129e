import { type Client, connect } from '@gantry/client/client.ts';
import { InProcessBus } from '@gantry/events/in-process.ts';
import type { Node, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { type RedisServer, startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultApiConfig } from './config.ts';
import { startApi } from './service.ts';
import { podNamed } from './testing/harness.ts';

// Two replicas of the api over one Redis, as they run when nothing is in one process.

const owned = new AsyncDisposableStack();
let redis: RedisServer;
let a: Client;
let b: Client;
beforeAll(async () => {
  redis = owned.use(await startRedisServer());
  [a, b] = [await replica(), await replica()];
});
afterAll(() => owned.disposeAsync());

async function replica(): Promise<Client> {
  const store = owned.use(await openStore(redis.url));
  const bus = owned.use(new InProcessBus('replicas'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0', trustNetwork: true, serviceCidr: '10.96.0.0/24' };
  const api = owned.use(await startApi(config, { store, bus, log: silentLogger }));
  return owned.use(connect(api.address));
}

const counter = { namespace: 'default', name: 'counter' };

describe('two replicas', () => {
  test('a watch at one sees what is written at the other, in order', async () => {
    const stop = new AbortController();
    const { resourceVersion } = await a.list('ConfigMap');
    const events = a.watch('ConfigMap', { namespace: 'default', resourceVersion }, stop.signal);
    for (let i = 0; i < 20; i++) {
      const metadata = { namespace: 'default', name: `seen-${i}` };
      await (i % 2 ? a : b).create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
    }
    const names: string[] = [];
    for await (const event of events) {
      if (event.type === 'ADDED') names.push(event.object.metadata.name);
      if (names.length === 20) break;
    }
    stop.abort();
    expect(names).toEqual(Array.from({ length: 20 }, (_, i) => `seen-${i}`));
  });

  test('no update is lost and none is made twice: changes that were read before another wins are refused', async () => {
    await a.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: counter, data: { n: '0' } } as never);
    let accepted = 0;
    const increment = async (client: Client): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        const current = await client.get('ConfigMap', counter);
        const data = { n: String(Number(current.data!.n) + 1) };
        await client.update({ ...current, data }).then(
          () => accepted++,
          (error) => expect(error).toMatchObject({ reason: 'Conflict' }),
        );
      }
    };
    await Promise.all([increment(a), increment(b), increment(a), increment(b)]);
    expect((await b.get('ConfigMap', counter)).data).toEqual({ n: String(accepted) });
  });

  test('patches of different fields all win', async () => {
    const patches = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? a : b).patch('ConfigMap', counter, { type: 'merge', body: { data: { [`k${i}`]: 'x' } } }),
    );
    await Promise.all(patches);
    expect(Object.keys((await a.get('ConfigMap', counter)).data!)).toHaveLength(21);
  });

  test('cluster IPs are unique, and all of a small range can be given', async () => {
    // A /24 has 254 addresses for hosts, and the cluster's DNS has one of them.
    const size = 253;
    const services = await Promise.all(
      Array.from({ length: size }, (_, i) => {
        const metadata = { namespace: 'default', name: `service-${i}` };
        return (i % 2 ? a : b).create<Service>({
          apiVersion: 'v1',
          kind: 'Service',
          metadata,
          spec: { ports: [{ port: 80 }] },
        });
      }),
    );
    expect(new Set(services.map(({ spec }) => spec.clusterIP)).size).toBe(size);
    const metadata = { namespace: 'default', name: 'one-too-many' };
    await expect(
      a.create<Service>({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } }),
    ).rejects.toMatchObject({ message: expect.stringContaining('range is full') });
  });

  test('a node is never given more than it has', async () => {
    const room = { cpu: '2', memory: '4Gi', pods: '50' };
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'shared' },
      status: { allocatable: room, capacity: room },
    };
    const created = await a.create(node);
    await a.updateStatus({ ...created, status: node.status! });
    const pods = await Promise.all(Array.from({ length: 60 }, (_, i) => a.create(podNamed(`crowd-${i}`))));
    await expect.poll(async () => (await b.get('Node', { name: 'shared' })).metadata.name).toBe('shared');
    const bindings = pods.map(({ metadata }) => ({
      namespace: 'default',
      name: metadata.name,
      uid: metadata.uid!,
      nodeName: 'shared',
    }));
    const batches = Array.from({ length: 10 }, (_, i) =>
      (i % 2 ? a : b).bind(bindings.slice(i * 6, i * 6 + 6), `s${i}`),
    );
    const results = (await Promise.all(batches)).flat();
    expect(results.filter(({ code }) => code === 0)).toHaveLength(20);
    const { items } = await a.list('Pod', { fieldSelector: 'spec.nodeName=shared' });
    expect(items).toHaveLength(20);
  });

  test('the same binding at both replicas binds once', async () => {
    const room = { cpu: '8', memory: '4Gi', pods: '50' };
    for (const name of ['left', 'right']) {
      const created = await a.create<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
      await a.updateStatus<Node>({ ...created, status: { allocatable: room, capacity: room } });
    }
    const pods = await Promise.all(Array.from({ length: 20 }, (_, i) => b.create(podNamed(`race-${i}`))));
    const to = (nodeName: string) =>
      pods.map(({ metadata }) => ({ namespace: 'default', name: metadata.name, uid: metadata.uid!, nodeName }));
    const [left, right] = await Promise.all([a.bind(to('left'), 'a'), b.bind(to('right'), 'b')]);
    for (const [i, result] of left.entries())
      expect([result.code, right[i]!.code].filter((code) => code === 0)).toHaveLength(1);
  });
});
