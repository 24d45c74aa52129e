/** Informers of real api replicas over Redis and NATS, through the death of the replica that relays and serves them. */
import { setTimeout as delay } from 'node:timers/promises';
import { busSource } from '@gantry/client/bus-source.ts';
import { listAll, watchSource } from '@gantry/client/change-source.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { Informer } from '@gantry/client/informer.ts';
import { keyOf } from '@gantry/client/object-cache.ts';
import { openBus } from '@gantry/events/open.ts';
import { startNatsServer } from '@gantry/events/testing/nats-server.ts';
import type { ConfigMap } from '@gantry/model/gen/gantry.core.v1.ts';
import { isError } from '@gantry/runtime/errors.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { expect, test } from 'vitest';
import { startReplica } from '../testing/replica.ts';

test('both kinds of informer end with the truth though the replica that relayed is killed under load', async () => {
  await using nats = await startNatsServer();
  await using redis = await startRedisServer();
  await using first = await startReplica(redis.url, nats.url);
  await using second = await startReplica(redis.url, nats.url);
  await using bus = await openBus(nats.url);
  using client = connect(`${first.address},${second.address}`);

  await using stack = new AsyncDisposableStack();
  const sources = [busSource(bus, client, 'ConfigMap'), watchSource(client, 'ConfigMap')];
  const informers = sources.map((source) => stack.use(new Informer<ConfigMap>({ source, onError: () => {} }).start()));
  await Promise.all(informers.map((informer) => informer.hasSynced));

  let written = 0;
  for (; written < 150; written++) await write(client, written);
  const killed = first.kill();
  for (; written < 400; written++) await write(client, written);
  await killed;

  const truth = describeState((await listAll(client, 'ConfigMap', {})).objects);
  expect(truth.length).toBeGreaterThan(10);
  for (const informer of informers) {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline && String(describeState(informer.values())) !== String(truth)) await delay(20);
    expect(describeState(informer.values())).toEqual(truth);
  }
});

/** Creates, changes or deletes one of 40 config maps; what a dying replica left undone is not done again. */
async function write(client: Client, index: number): Promise<void> {
  const metadata = { namespace: 'default', name: `map-${index % 40}` };
  const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { index: String(index) } };
  try {
    if (index % 7 === 0) await client.delete('ConfigMap', metadata);
    else if (index % 3 === 0) await client.create(object);
    else await client.update(object);
  } catch (error) {
    if (!isError(error, 'ServiceUnavailable', 'NotFound', 'AlreadyExists')) throw error;
  }
}

function describeState(objects: Iterable<ConfigMap>): string[] {
  return Array.from(objects, (object) => `${keyOf(object)}@${object.metadata.resourceVersion}`).sort();
}
