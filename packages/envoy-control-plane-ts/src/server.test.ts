import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import type { DiscoveryRequest, DiscoveryResponse } from './envoy/discovery.ts';
import { type Ads, type AdsOptions, adsDefinition, createAds } from './server.ts';
import { createSnapshot } from './snapshot.ts';
import { SnapshotCache } from './snapshot-cache.ts';
import { webResources } from './testing/fixtures.ts';
import { clusterType, listenerType } from './type-urls.ts';

type Stream = ClientDuplexStream<DiscoveryRequest, DiscoveryResponse>;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const node = { id: 'n' };
const snapshotOn = (port: number) =>
  createSnapshot(webResources({ name: 'web', listenPort: 80, endpointPorts: [port] }));

interface Started {
  readonly ads: Ads;
  readonly snapshots: SnapshotCache;
  readonly open: () => Stream;
  /** A stream that sends bytes as they are. */
  readonly openRaw: () => ClientDuplexStream<Buffer, Buffer>;
}

async function start(options: Partial<AdsOptions> = {}): Promise<Started> {
  const snapshots = new SnapshotCache();
  const ads = createAds({ snapshots, ...options });
  const server = new Server();
  ads.addTo(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  cleanups.push(
    () => client.close(),
    () => ads[Symbol.dispose](),
    () => server.forceShutdown(),
  );
  const { path, requestSerialize, responseDeserialize } = adsDefinition.streamAggregatedResources;
  const open = (): Stream => {
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    // Unheard errors would end the process.
    stream.on('error', () => {});
    return stream;
  };
  const openRaw = (): ClientDuplexStream<Buffer, Buffer> => {
    const stream = client.makeBidiStreamRequest(
      path,
      (data: Buffer) => data,
      (data: Buffer) => data,
    );
    stream.on('error', () => {});
    return stream;
  };
  return { ads, snapshots, open, openRaw };
}

function nextMessage(stream: Stream): Promise<DiscoveryResponse> {
  return new Promise((resolve, reject) => {
    stream.once('data', resolve);
    stream.once('error', reject);
  });
}

function failure(stream: Stream | ClientDuplexStream<Buffer, Buffer>): Promise<ServiceError> {
  return new Promise((resolve) => stream.once('error', resolve));
}

it('answers once there is a snapshot, and takes the answer', async () => {
  const { ads, snapshots, open } = await start({ identifier: 'me' });
  const stream = open();
  stream.write({ typeUrl: clusterType, node });
  await expect.poll(() => ads.clients()[0]?.node).toEqual(node);
  snapshots.set('', snapshotOn(1));
  const response = await nextMessage(stream);
  expect(response).toMatchObject({ typeUrl: clusterType, nonce: '1', controlPlane: { identifier: 'me' } });
  stream.write({ typeUrl: clusterType, responseNonce: '1', versionInfo: response.versionInfo });
  await expect
    .poll(() => ads.clients()[0]?.subscriptions[0])
    .toMatchObject({ ackedVersion: response.versionInfo, pending: false });
  stream.end();
  await expect.poll(() => ads.clients()).toEqual([]);
});

it('gives each group its own snapshot', async () => {
  const { snapshots, open } = await start({ groupOf: ({ id = '' }) => id });
  snapshots.set('one', snapshotOn(1));
  snapshots.set('two', createSnapshot([]));
  const [one, two] = [open(), open()];
  one.write({ typeUrl: clusterType, node: { id: 'one' } });
  two.write({ typeUrl: clusterType, node: { id: 'two' } });
  expect((await nextMessage(one)).resources).toHaveLength(1);
  expect((await nextMessage(two)).resources ?? []).toHaveLength(0);
});

it('holds one response for a client that does not answer, and then sends it the newest snapshot', async () => {
  const { snapshots, open } = await start();
  const stream = open();
  stream.write({ typeUrl: listenerType, node });
  snapshots.set('', createSnapshot(webResources({ name: 'web', listenPort: 1, endpointPorts: [1] })));
  await nextMessage(stream);
  const received: DiscoveryResponse[] = [];
  stream.on('data', (response) => received.push(response));
  for (let port = 2; port <= 100; port += 1) {
    snapshots.set('', createSnapshot(webResources({ name: 'web', listenPort: port, endpointPorts: [1] })));
  }
  stream.write({ typeUrl: listenerType, responseNonce: '1' });
  await expect.poll(() => received.length).toBe(1);
  const newest = snapshots.get('')!.types.get(listenerType)!.version;
  expect(received.map(({ nonce, versionInfo }) => [nonce, versionInfo])).toEqual([['2', newest]]);
});

it('ends a stream that breaks the protocol, and goes on with the others', async () => {
  const { snapshots, open } = await start();
  snapshots.set('', snapshotOn(1));
  const nameless = open();
  nameless.write({ typeUrl: clusterType });
  expect(await failure(nameless)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: 'node: required in the first request',
  });
  const typeless = open();
  typeless.write({ node });
  expect(await failure(typeless)).toMatchObject({ code: status.INVALID_ARGUMENT });
  const good = open();
  good.write({ typeUrl: clusterType, node });
  expect((await nextMessage(good)).nonce).toBe('1');
});

it('ends a stream that asks for too much', async () => {
  const { open } = await start({ limits: { maxTypes: 1, maxNames: 1 } });
  const greedy = open();
  greedy.write({ typeUrl: clusterType, node, resourceNames: ['a', 'b'] });
  expect(await failure(greedy)).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
});

it('refuses streams beyond its limit', async () => {
  const { ads, open } = await start({ maxStreams: 1 });
  open().write({ typeUrl: clusterType, node });
  await expect.poll(() => ads.clients().length).toBe(1);
  const second = open();
  second.write({ typeUrl: clusterType, node });
  expect(await failure(second)).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'at most 1 streams' });
  expect(ads.clients()).toHaveLength(1);
});

it('survives bytes that are no message', async () => {
  const { ads, snapshots, open, openRaw } = await start();
  snapshots.set('', snapshotOn(1));
  const garbage = openRaw();
  // Field 1 claims 127 bytes, and there are none.
  garbage.write(Buffer.from([0x0a, 0x7f]));
  expect((await failure(garbage)).code).toBe(status.INTERNAL);
  const good = open();
  good.write({ typeUrl: clusterType, node });
  expect((await nextMessage(good)).nonce).toBe('1');
  await expect.poll(() => ads.clients().length).toBe(1);
});

it('ends only the stream whose observer or group throws, whatever it is told of', async () => {
  const failing = (id: string | undefined, step: string): void => {
    if (id === step) throw new Error(`no ${step}`);
  };
  const { ads, snapshots, open } = await start({
    groupOf: ({ id }) => {
      failing(id, 'group');
      return '';
    },
    observer: {
      onRequest: (client) => failing(client.node?.id, 'request'),
      onResponse: (client) => failing(client.node?.id, 'response'),
    },
  });
  const good = open();
  good.write({ typeUrl: clusterType, node: { id: 'good' } });
  const failures = ['group', 'request', 'response'].map((id) => {
    const stream = open();
    stream.write({ typeUrl: clusterType, node: { id } });
    return failure(stream);
  });
  await expect.poll(() => ads.clients().filter((client) => client.node !== undefined).length).toBe(2);
  // The change reaches the good stream, although one before it throws.
  snapshots.set('', snapshotOn(1));
  expect((await nextMessage(good)).nonce).toBe('1');
  expect((await Promise.all(failures)).map(({ code, details }) => [code, details])).toEqual([
    [status.INTERNAL, 'no group'],
    [status.INTERNAL, 'no request'],
    [status.INTERNAL, 'no response'],
  ]);
  await expect.poll(() => ads.clients().map((client) => client.node?.id)).toEqual(['good']);
});

it('ends a stream of whose start the observer does not want to hear', async () => {
  let refuse = true;
  const { ads, snapshots, open } = await start({
    observer: {
      onConnect: () => {
        if (refuse) throw new Error('not now');
      },
    },
  });
  snapshots.set('', snapshotOn(1));
  const refused = open();
  refused.write({ typeUrl: clusterType, node });
  expect(await failure(refused)).toMatchObject({ code: status.INTERNAL, details: 'not now' });
  refuse = false;
  const good = open();
  good.write({ typeUrl: clusterType, node });
  expect((await nextMessage(good)).nonce).toBe('1');
  expect(ads.clients()).toHaveLength(1);
});

it('tells every listener of a change, although one throws', () => {
  const cache = new SnapshotCache();
  const told: string[] = [];
  cache.onChange(() => {
    throw new Error('broken');
  });
  cache.onChange((group) => told.push(group));
  expect(() => cache.set('a', snapshotOn(1))).toThrow('listeners failed after a change of group "a"');
  expect(told).toEqual(['a']);
  expect(cache.get('a')).toBeDefined();
});
