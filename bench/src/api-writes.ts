/**
 * Creates and updates per second through the api's gRPC, and how long they take, with SQLite and with Redis, with 1 and
 * with 32 in flight. The api runs in this process, as in `gantry up`, so client and server share its one thread.
 *
 *     scripts/node bench/src/api-writes.ts [--seconds 2]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { openStore } from '@gantry/store/open.ts';
import { startRedisServer } from '@gantry/store/testing/redis-server.ts';
import { readArguments } from './arguments.ts';
import { type Figures, measure } from './measure.ts';

function podNamed(name: string): Pod {
  const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } };
  const env = [{ name: 'STAGE', value: 'production' }];
  const ports = [{ name: 'http', containerPort: 8080 }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'bench', tier: 'web' } },
    spec: { containers: [{ name: 'web', image: 'registry.example/web:1.2.3', resources, env, ports }] },
  };
}

/** Creates pods, and changes the labels of pods that are there (each lane its own, so that none loses a race). */
async function measureWrites(client: Client, inFlight: number, seconds: number, tag: string): Promise<void> {
  const creates = await measure(inFlight, seconds, (call) => client.create(podNamed(`${tag}-${inFlight}-${call}`)));
  report(tag, 'create', inFlight, creates);
  const updates = await measure(inFlight, seconds, async (call) => {
    const name = { namespace: 'default', name: `${tag}-${inFlight}-${call % inFlight}` };
    await client.patch('Pod', name, { type: 'merge', body: { metadata: { labels: { turn: String(call) } } } });
  });
  report(tag, 'update', inFlight, updates);
}

function report(store: string, what: string, inFlight: number, { perSecond, p50Ms, p99Ms }: Figures): void {
  const figures = `${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms`;
  console.log(`${store.padEnd(7)} ${what}  ${String(inFlight).padStart(2)} in flight  ${figures}`);
}

async function measureStore(tag: string, url: string, seconds: number): Promise<void> {
  await using store = await openStore(url);
  await using bus = await openBus('memory:');
  await using api = await startApi(
    { ...defaultApiConfig, listen: '127.0.0.1:0', trustNetwork: true },
    { store, bus, log: silentLogger },
  );
  using client = connect(api.address);
  await measure(8, 0.5, (call) => client.create(podNamed(`warm-${call}`)));
  for (const inFlight of [1, 32]) await measureWrites(client, inFlight, seconds, tag);
}

const { seconds } = readArguments('Creates and updates per second through the gRPC of the api.', {
  seconds: { type: 'number', about: 'seconds a figure', default: 2 },
});
const [cpu] = cpus();
const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
console.log(`${cpus().length} × ${cpu?.model.trim()}, ${memory}, Node ${process.version}, ${seconds} s per figure`);
const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
try {
  await measureStore('sqlite', `sqlite:${join(folder, 'state.db')}`, seconds);
  await using redis = await startRedisServer();
  await measureStore('redis', redis.url, seconds);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
