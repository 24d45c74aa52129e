import { type Client, connect } from '@gantry/client/client.ts';
import { InProcessBus } from '@gantry/events/in-process.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { type RedisServer, startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultApiConfig } from '../../config.ts';
import { startApi } from '../../service.ts';
import { startReplica } from '../../testing/replica.ts';
import { configMap, countedQuota, usedIn } from './testing.ts';

// Three replicas of the api over one Redis, and one that is killed in the middle.

const owned = new AsyncDisposableStack();
let redis: RedisServer;
let clients: Client[];
beforeAll(async () => {
  redis = owned.use(await startRedisServer());
  clients = [await replica(), await replica(), await replica()];
});
afterAll(() => owned.disposeAsync());

async function replica(): Promise<Client> {
  const store = owned.use(await openStore(redis.url));
  const bus = owned.use(new InProcessBus('replicas'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0', trustNetwork: true };
  const api = owned.use(await startApi(config, { store, bus, log: silentLogger }));
  return owned.use(connect(api.address));
}

async function namespaceWith(name: string, configmaps: number): Promise<void> {
  const [first] = clients;
  await first!.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await countedQuota(first!, configmaps, name);
}

test('64 creators at three replicas fill a quota to the last, and none of them meets a conflict', async () => {
  await namespaceWith('crowd', 100);
  let next = 0;
  const refusals: unknown[] = [];
  const creator = async (client: Client): Promise<void> => {
    for (let tries = 0; tries < 3; tries++) {
      await client.create(configMap(`c${next++}`, 'crowd')).catch((error: unknown) => refusals.push(error));
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, index) => creator(clients[index % 3]!)));
  for (const error of refusals) {
    expect(error).toMatchObject({ reason: 'Forbidden', message: expect.stringContaining('exceeded quota: q') });
  }
  const { items } = await clients[1]!.list('ConfigMap', { namespace: 'crowd' });
  expect([items.length, await usedIn(clients[2]!, 'crowd'), refusals.length]).toEqual([100, 100, 92]);
}, 60_000);

test('a replica that is killed in the middle leaves no charge without its object, and no object without its charge', async () => {
  await namespaceWith('killed', 1_000);
  await using other = await startReplica(redis.url, 'memory:');
  using client = connect(other.address);
  let killed: Promise<void> | undefined;
  const gone = new AbortController();
  let [made, next] = [0, 0];
  const creator = async (by: Client, signal?: AbortSignal): Promise<void> => {
    for (let tries = 0; tries < 25 && signal?.aborted !== true; tries++) {
      const outcome = by.create(configMap(`c${next++}`, 'killed'), signal && { signal }).then(() => made++);
      await (signal === undefined ? outcome : outcome.catch(() => undefined));
      if (made > 60) killed ??= other.kill().then(() => gone.abort());
    }
  };
  await Promise.all([
    ...Array.from({ length: 8 }, () => creator(client, gone.signal)),
    ...Array.from({ length: 8 }, (_, index) => creator(clients[index % 3]!)),
  ]);
  await killed;
  const { items } = await clients[0]!.list('ConfigMap', { namespace: 'killed' });
  expect(items.length).toBeGreaterThanOrEqual(made);
  expect(await usedIn(clients[1]!, 'killed')).toBe(items.length);
}, 60_000);
