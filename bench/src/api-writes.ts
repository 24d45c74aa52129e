/**
 * Writes per second through the api's gRPC, and how long they take, with SQLite and with Redis: creates, updates and status updates
 * with 1 and with 32 in flight; bindings and reports of pods in batches. The api runs in this process, as in `gantry up`, so client
 * and server share its one thread.
 *
 *     scripts/node bench/src/api-writes.ts [--seconds 2] [--sqlite-only]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { defaultApiConfig } from '@gantry/api/config.ts';
import { startApi } from '@gantry/api/service.ts';
import { type Client, connect } from '@gantry/client/client.ts';
import { openBus } from '@gantry/events/open.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
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

/** Changes the statuses of pods that are there, each lane its own. */
async function measureStatus(client: Client, inFlight: number, seconds: number, tag: string): Promise<void> {
  const pods = await Promise.all(
    Array.from({ length: inFlight }, (_, lane) =>
      client.get('Pod', { namespace: 'default', name: `${tag}-${inFlight}-${lane}` }),
    ),
  );
  const figures = await measure(inFlight, seconds, async (call) => {
    const { resourceVersion: _, ...metadata } = pods[call % inFlight]!.metadata;
    await client.updateStatus({ ...pods[call % inFlight]!, metadata, status: statusOf(call) });
  });
  report(tag, 'status', inFlight, figures);
}

/** Pods of one Bind and one ReportPods. */
const batchSize = 500;

/** Binds new pods and reports them, in batches. */
async function measureBatches(client: Client, seconds: number, tag: string): Promise<void> {
  const capacity = { cpu: '1000000', memory: '1000Ti', pods: '1000000' };
  await client.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: tag },
    status: { capacity, allocatable: capacity },
  } as Node);
  const took = { create: 0, bind: 0, report: 0 };
  const timed = async <T>(what: keyof typeof took, work: () => Promise<T>): Promise<T> => {
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    took[what] += user + system;
    return result;
  };
  let batches = 0;
  for (const untilMs = performance.now() + 3_000 * seconds; performance.now() < untilMs; batches++) {
    const pods = Array.from({ length: batchSize }, (_, at) => podNamed(`${tag}-batch-${batches}-${at}`));
    const made = await timed('create', () => client.createBatch(pods));
    const refs = made.map(({ name, uid }) => ({ namespace: 'default', name, uid }));
    const bindings = refs.map((ref) => ({ ...ref, nodeName: tag }));
    const bound = await timed('bind', () => client.bind(bindings, 'bench'));
    const refused = bound.find(({ code }) => code !== 0);
    if (refused !== undefined) throw new Error(refused.message);
    for (const turn of [0, 1]) {
      const reports = refs.map((ref, at) => ({ ...ref, status: statusOf(at + turn) }));
      await timed('report', () => client.reportPods(tag, reports));
    }
  }
  const each = (calls: number, cpu: number): string => (cpu / (calls * batches * batchSize)).toFixed(1);
  console.log(
    `${tag.padEnd(7)} µs of processor a pod in batches of ${batchSize}: ` +
      `create ${each(1, took.create)}, bind ${each(1, took.bind)}, report ${each(2, took.report)}`,
  );
}

/** The status of a running pod that differs from call to call. */
function statusOf(call: number): NonNullable<Pod['status']> {
  const startedAt = new Date(1_700_000_000_000 + call * 1_000).toISOString().replace('.000', '');
  return {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: startedAt,
    })),
    containerStatuses: [
      {
        name: 'web',
        image: 'registry.example/web:1.2.3',
        imageID: 'sha256:0',
        ready: true,
        restartCount: call,
        lastState: {},
        state: { running: { startedAt } },
      },
    ],
  };
}

function report(store: string, what: string, inFlight: number, figures: Figures): void {
  const { cpuMs, perSecond, p50Ms, p99Ms } = figures;
  const text = `${(cpuMs * 1_000).toFixed(0).padStart(5)} µs of processor   ${perSecond.toFixed(0).padStart(6)}/s   p50 ${p50Ms.toFixed(2)} ms   p99 ${p99Ms.toFixed(2)} ms`;
  console.log(`${store.padEnd(7)} ${what}  ${String(inFlight).padStart(2)} in flight  ${text}`);
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
  for (const inFlight of [1, 32]) {
    await measureWrites(client, inFlight, seconds, tag);
    await measureStatus(client, inFlight, seconds, tag);
  }
  await measureBatches(client, seconds, tag);
}

const { seconds, 'sqlite-only': sqliteOnly } = readArguments('Writes per second through the gRPC of the api.', {
  'sqlite-only': { type: 'flag', about: 'leave Redis out' },
  seconds: { type: 'number', about: 'seconds a figure', default: 2 },
});
const [cpu] = cpus();
const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
console.log(`${cpus().length} × ${cpu?.model.trim()}, ${memory}, Node ${process.version}, ${seconds} s per figure`);
const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'));
try {
  await measureStore('sqlite', `sqlite:${join(folder, 'state.db')}`, seconds);
  if (!sqliteOnly) {
    await using redis = await startRedisServer();
    await measureStore('redis', redis.url, seconds);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
