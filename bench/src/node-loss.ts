/**
 * Time for which a lost node is felt: the sample's three pods on two nodes behind Envoy; the plug of one node is pulled (its agent
 * and containerd are killed). Prints the seconds until the node's pods are out of the Service's endpoints, and until all
 * pods run and are ready on the other node; with default times, then with the short ones that a cluster in one rack can
 * afford. Takes about two and a half minutes:
 *
 *     scripts/node bench/src/node-loss.ts
 *
 * Needs root and what `npm run setup` installs for real containers.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '@gantry/cli/up/cluster.ts';
import { applySample, writeSampleImages } from '@gantry/cli/up/sample.ts';
import type { Client } from '@gantry/client/client.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { createLogger } from '@gantry/runtime/log.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';

readArguments('How long a lost node is felt.', {});

/** Milliseconds after which a measurement is given up. */
const patienceMs = 150_000;
const pollMs = 100;
/** Controllers that have just started give nodes 15 seconds to be heard first: that is no part of the figure. */
const settleMs = 20_000;
const replicas = 3;

/** Times after which a silent node is marked, and after which its pods are evicted. */
interface Times {
  readonly name: string;
  readonly options: Partial<Parameters<typeof startCluster>[0]>;
  /** Seconds that a pod stays on a node that is silent; the api's default where absent. */
  readonly tolerationSeconds?: number;
}

const defaultTimes: Times = { name: 'default times', options: {} };
const shortTimes: Times = {
  name: 'short times',
  options: { nodeTimes: { heartbeatMs: 500, healthMs: 1_000, reportMs: 300_000 }, silenceConfirmMs: 1_000 },
  tolerationSeconds: 1,
};

console.log(describeMachine());
for (const times of [defaultTimes, shortTimes]) await measure(times);

async function measure({ name, options, tolerationSeconds }: Times): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  const signal = AbortSignal.timeout(patienceMs * 2);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  await writeSampleImages(join(stateDir, 'images'));
  const cluster = stack.use(
    await startCluster(
      { nodes: 2, stateDir, listen: '127.0.0.1:0', driver: 'cri', ...options },
      { log: createLogger('bench', 'error'), progress: () => {}, signal },
    ),
  );
  const { client } = cluster;
  await applySample(client, 'cri', signal);
  if (tolerationSeconds !== undefined) await tolerate(client, tolerationSeconds);
  await until('the sample runs', async () => {
    const ready = await readyPods(client);
    return ready.length === replicas && ready.every((pod) => tolerates(pod, tolerationSeconds));
  });
  await delay(settleMs);
  const [{ spec }] = (await readyPods(client)) as [Pod];
  const lost = spec.nodeName!;
  await cluster.nodes.powerOff(lost);
  const startMs = performance.now();
  const secondsSince = (): string => ((performance.now() - startMs) / 1_000).toFixed(1);
  await until('the endpoints are gone', async () => !(await endpointNodes(client)).includes(lost));
  const endpoints = secondsSince();
  await until('the pods run elsewhere', async () => {
    const ready = await readyPods(client);
    return ready.length === replicas && ready.every((pod) => pod.spec.nodeName !== lost);
  });
  console.log(`${name}: out of the endpoints after ${endpoints} s, all pods ready elsewhere after ${secondsSince()} s`);
}

/** Has the sample's pods stay on a silent node no longer than this. */
async function tolerate(client: Client, tolerationSeconds: number): Promise<void> {
  const tolerations = ['unreachable', 'not-ready'].map((reason) => ({
    key: `node.kubernetes.io/${reason}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }));
  const body = { spec: { template: { spec: { tolerations } } } };
  await client.patch('Deployment', { namespace: 'default', name: 'hello' }, { type: 'merge', body });
}

function tolerates({ spec }: Pod, seconds: number | undefined): boolean {
  return seconds === undefined || (spec.tolerations ?? []).some((item) => item.tolerationSeconds === seconds);
}

async function readyPods(client: Client): Promise<Pod[]> {
  const { items } = await client.list('Pod', { namespace: 'default' });
  return items.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined);
}

/** Nodes of the endpoints that take traffic. */
async function endpointNodes(client: Client): Promise<(string | undefined)[]> {
  const { items } = await client.list('EndpointSlice', { namespace: 'default' });
  const endpoints = items.flatMap((slice) => slice.endpoints ?? []);
  return endpoints.filter(({ conditions }) => conditions?.ready).map(({ nodeName }) => nodeName);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${patienceMs / 1_000} s in vain: ${what}`);
    await delay(pollMs);
  }
}
