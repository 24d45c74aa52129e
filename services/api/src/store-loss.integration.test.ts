import { busSource } from '@gantry/client/bus-source.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import { runWithLeadership } from '@gantry/client/leader.ts';
import { InProcessBus } from '@gantry/events/in-process.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { type RedisServer, startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { expect, onTestFinished, test } from 'vitest';
import { defaultApiConfig } from './config.ts';
import { startApi } from './service.ts';
import { testCredentials } from './testing/harness.ts';

// Two replicas of the api over one Redis that loses all of its data.

async function replica(owned: AsyncDisposableStack, redis: RedisServer): Promise<Client> {
  const store = owned.use(await openStore(redis.url));
  const bus = owned.use(new InProcessBus('store-loss'));
  const config = { ...defaultApiConfig, listen: '127.0.0.1:0', trustNetwork: true };
  const api = owned.use(await startApi(config, { store, bus, log: silentLogger, credentials: testCredentials }));
  return owned.use(connect(api.address, { credentials: testCredentials }));
}

const configMap = (name: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'default', name },
});

test('a cluster whose Redis lost everything takes writes and has leaders again within seconds', async () => {
  await using owned = new AsyncDisposableStack();
  const redis = owned.use(await startRedisServer());
  const clients = [await replica(owned, redis), await replica(owned, redis)];
  const [one, two] = clients as [Client, Client];

  const told: string[] = [];
  const bus = owned.use(new InProcessBus('store-loss'));
  const informer = owned.use(new Informer<ConfigMap>({ source: busSource(bus, two, 'ConfigMap'), onError: () => {} }));
  informer.onChange(({ type, object }) => told.push(`${type} ${object.metadata.name}`));
  informer.start();

  const stop = new AbortController();
  let leading = 0;
  const lead = async (signal: AbortSignal): Promise<void> => {
    leading += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    leading -= 1;
  };
  const candidates = clients.map((client, index) =>
    runWithLeadership(
      {
        client,
        namespace: 'kube-system',
        name: 'test',
        identity: `candidate-${index}`,
        leaseDurationMs: 3_000,
        lead,
        onError: () => {},
      },
      stop.signal,
    ),
  );
  onTestFinished(() => stop.abort());
  await one.create(configMap('before'));
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['ADDED before']);
  await expect.poll(() => leading, { timeout: 10_000 }).toBe(1);

  expect(await redis.command('FLUSHALL')).toBe('+OK\r\n');

  const write = (client: Client, name: string): Promise<boolean> =>
    client.create(configMap(name)).then(
      () => true,
      () => false,
    );
  for (const [index, client] of clients.entries()) {
    await expect.poll(() => write(client, `after-${index}`), { timeout: 15_000 }).toBe(true);
  }
  await expect
    .poll(() => told.toSorted(), { timeout: 15_000 })
    .toEqual(['ADDED after-0', 'ADDED after-1', 'ADDED before', 'DELETED before']);
  await expect
    .poll(() => one.get('Lease', { namespace: 'kube-system', name: 'test' }).catch(() => undefined), {
      timeout: 15_000,
    })
    .toBeDefined();
  await expect.poll(() => leading, { timeout: 15_000 }).toBe(1);
  const events = await one.list('Event', { namespace: 'default' });
  expect(events.items.map(({ reason }) => reason)).toContain('StoreLostData');
  stop.abort();
  await Promise.all(candidates);
});
