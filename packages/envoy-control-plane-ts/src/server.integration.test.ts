import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { findEnvoy } from './process/envoy-binary.ts';
import type { EnvoyProcess } from './process/envoy-process.ts';
import { spawnEnvoy } from './process/envoy-process.ts';
import { type Ads, createAds, type Observer } from './server.ts';
import { createSnapshot } from './snapshot.ts';
import { SnapshotCache } from './snapshot-cache.ts';
import { edsCluster, endpoints, httpListener, routes, webResources } from './testing/fixtures.ts';
import { freePort, startEcho } from './testing/http-echo.ts';

const projectRoot = new URL('../../..', import.meta.url).pathname;
const binary = findEnvoy({ path: process.env.GANTRY_ENVOY, venvs: [`${projectRoot}.gantry/venv`] });

const stack: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const resources of stack.splice(0)) await resources.disposeAsync();
});

async function startControlPlane(observer: Observer): Promise<{ snapshots: SnapshotCache; ads: Ads; address: string }> {
  const snapshots = new SnapshotCache();
  const ads = createAds({ snapshots, observer });
  const server = new Server();
  ads.addTo(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const resources = new AsyncDisposableStack();
  resources.use(ads);
  resources.defer(() => server.forceShutdown());
  stack.push(resources);
  return { snapshots, ads, address: `127.0.0.1:${port}` };
}

async function startEnvoy(xdsAddress: string, protocol: 'sotw' | 'delta'): Promise<EnvoyProcess> {
  if (binary === undefined) throw new Error('Envoy is not installed; npm run setup does it');
  const log: string[] = [];
  const envoy = spawnEnvoy({
    binary,
    xdsAddress,
    protocol,
    nodeId: `test-${protocol}`,
    adminSocket: join(mkdtempSync(join(tmpdir(), 'envoy-')), 'admin.sock'),
    concurrency: 1,
    onLog: (line) => log.push(line),
  });
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') console.error(log.join('\n'));
  });
  const resources = new AsyncDisposableStack();
  resources.use(envoy);
  stack.unshift(resources);
  await envoy.ready(AbortSignal.timeout(20_000));
  return envoy;
}

async function get(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
  return `${response.status} ${await response.text()}`;
}

/** Waits until what is looked at is as it should be, however long the machine takes; the test's timeout bounds it. */
async function eventually(look: () => Promise<unknown> | unknown, expected: unknown): Promise<void> {
  await expect.poll(look, { timeout: 20_000, interval: 20 }).toEqual(expected);
}

describe.each(['sotw', 'delta'] as const)('a real Envoy that speaks %s', (protocol) => {
  it('serves what the snapshot says, and follows it', async () => {
    await using one = await startEcho('one');
    await using two = await startEcho('two');
    const { snapshots, ads, address } = await startControlPlane({});
    const port = await freePort();
    snapshots.set('', createSnapshot(webResources({ name: 'web', listenPort: port, endpointPorts: [one.port] })));
    await startEnvoy(address, protocol);
    await eventually(() => get(port), '200 one');

    snapshots.set('', createSnapshot(webResources({ name: 'web', listenPort: port, endpointPorts: [two.port] })));
    await eventually(() => get(port), '200 two');

    const [client] = ads.clients();
    expect(client).toMatchObject({ protocol, node: { id: `test-${protocol}` } });
    expect(client?.subscriptions.map((subscription) => subscription.rejection)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('moves a route to a new cluster and drops the old one without a failed request', async () => {
    await using one = await startEcho('one');
    await using two = await startEcho('two');
    const { snapshots, ads, address } = await startControlPlane({});
    const port = await freePort();
    snapshots.set('', createSnapshot(webResources({ name: 'web', listenPort: port, endpointPorts: [one.port] })));
    await startEnvoy(address, protocol);
    await eventually(() => get(port), '200 one');

    const answers = new Set<string>();
    const load = new AbortController();
    const loading = (async () => {
      while (!load.signal.aborted) answers.add(await get(port));
    })();
    snapshots.set(
      '',
      createSnapshot([
        edsCluster('green'),
        endpoints('green', [two.port]),
        httpListener('web', port),
        routes('web', 'green'),
      ]),
    );
    await eventually(() => [...answers].includes('200 two'), true);
    const acked = () => ads.clients()[0]?.subscriptions.every((subscription) => !subscription.pending);
    await eventually(acked, true);
    load.abort();
    await loading;
    expect([...answers].sort()).toEqual(['200 one', '200 two']);
  });

  it('keeps the last good listener when it refuses a new one, and reports why', async () => {
    await using one = await startEcho('one');
    const reasons: string[] = [];
    const { snapshots, ads, address } = await startControlPlane({
      onRequest: (_client, event) => {
        if (event.kind === 'rejected') reasons.push(event.rejection.error.message ?? '');
      },
    });
    const port = await freePort();
    const web = { name: 'web', listenPort: port, endpointPorts: [one.port] };
    snapshots.set('', createSnapshot(webResources(web)));
    await startEnvoy(address, protocol);
    await eventually(() => get(port), '200 one');

    // Nobody may listen on an address of somebody else's network.
    const foreign = webResources({ name: 'foreign', listenPort: port, endpointPorts: [one.port] });
    snapshots.set('', createSnapshot([...webResources(web), ...foreign]));
    await eventually(() => reasons.length > 0, true);
    expect(reasons[0]).toContain('foreign');
    expect(await get(port)).toBe('200 one');

    snapshots.set('', createSnapshot(webResources(web)));
    const rejections = () => ads.clients()[0]?.subscriptions.filter((subscription) => subscription.rejection).length;
    await eventually(rejections, 0);
    expect(await get(port)).toBe('200 one');
  });
});
