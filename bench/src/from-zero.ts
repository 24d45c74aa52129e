/**
 * Time from a request to a Service at zero to the first byte of its answer, beside the time of the pod's own start, over many cycles, with the
 * times of each stage.
 */
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePort } from '@gantry/cli/up/free-port.ts';
import { writeSampleImages } from '@gantry/cli/up/sample.ts';
import type { Client } from '@gantry/client/client.ts';
import type { KindName } from '@gantry/model/built-in.ts';
import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod, Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { heldCondition, zeroAnnotations } from '@gantry/model/kinds/service/zero.ts';
import { isReady } from '@gantry/model/ready.ts';
import { describeMachine } from './machine.ts';
import { startUpProcess } from './up-process.ts';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '30' },
    driver: { type: 'string', default: 'auto' },
    'period-seconds': { type: 'string', default: '1' },
  },
});
const cycles = Number(values.cycles);
const driver = values.driver as 'auto' | 'cri' | 'process';
/** Milliseconds in which anything that is waited for must come. */
const patienceMs = 60_000;

/** Stages of a wake, in their order, each with the time at which it was seen to be over. */
const stages = [
  'held',
  'scaled',
  'pod made',
  'pod bound',
  'container started',
  'pod ready',
  'endpoint',
  'first byte',
] as const;
type Stage = (typeof stages)[number];

/** Notes when the stages of the present cycle were seen first. */
class Stopwatch {
  #startMs = 0;
  #seen = new Map<Stage, number>();

  start(): void {
    this.#startMs = performance.now();
    this.#seen = new Map();
  }

  see(stage: Stage, isSo: boolean): void {
    if (isSo && !this.#seen.has(stage)) this.#seen.set(stage, performance.now() - this.#startMs);
  }

  get times(): ReadonlyMap<Stage, number> {
    return this.#seen;
  }
}

function objects(port: number, podPort: number): KubeObject[] {
  const labels = { app: 'zero' };
  const env = [
    { name: 'PORT', value: String(podPort) },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
  const readinessProbe = {
    httpGet: { path: '/', port: 'http' },
    periodSeconds: Number(values['period-seconds']),
  };
  const ports = [{ name: 'http', containerPort: podPort }];
  const container = { name: 'web', image: 'gantry.dev/hello:1', ports, env, readinessProbe };
  const deployment: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'zero', namespace: 'default' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'zero', namespace: 'default', annotations: { [zeroAnnotations.timeout]: '30s' } },
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ name: 'http', port, targetPort: 'http' }] },
  };
  return [deployment, service];
}

/** Calls back for every object of a kind that comes or changes, until the signal fires. */
async function follow<T extends KubeObject>(
  client: Client,
  kind: KindName,
  see: (object: T, gone: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  const { resourceVersion } = await client.list(kind, { namespace: 'default' });
  for await (const event of client.watch(
    kind,
    { namespace: 'default', resourceVersion: Number(resourceVersion) },
    signal,
  )) {
    if (event.type !== 'BOOKMARK') see(event.object as unknown as T, event.type === 'DELETED');
  }
}

/** Resolves with the status of the answer when its first byte is there. */
function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
  });
}

async function until(what: string, test: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (!(await test())) {
    if (performance.now() > deadlineMs) throw new Error(`${what}: not so within ${patienceMs / 1_000} s`);
    await delay(20);
  }
}

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!;
const shown = (times: readonly number[]): string => {
  const sorted = times.toSorted((a, b) => a - b);
  return `${quantile(sorted, 0.5).toFixed(0).padStart(7)} ${quantile(sorted, 0.99).toFixed(0).padStart(7)}`;
};

const prepare = (stateDir: string): Promise<void> => writeSampleImages(join(stateDir, 'images'));
await using up = await startUpProcess({ nodes: 1, driver, prepare });
const { client } = up;
const stop = new AbortController();
const watch = new Stopwatch();
const [port, podPort] = [await freePort(), await freePort()];
const pods = new Map<string, Pod>();
const followed = [
  follow<Pod>(
    client,
    'Pod',
    (pod, gone) => {
      if (gone) pods.delete(pod.metadata.name);
      else pods.set(pod.metadata.name, pod);
      if (gone || pod.metadata.deletionTimestamp !== undefined) return;
      watch.see('pod made', true);
      watch.see('pod bound', Boolean(pod.spec.nodeName));
      watch.see('container started', pod.status?.containerStatuses?.[0]?.state?.running !== undefined);
      watch.see('pod ready', isReady(pod));
    },
    stop.signal,
  ),
  follow<Deployment>(client, 'Deployment', ({ spec }) => watch.see('scaled', (spec.replicas ?? 1) > 0), stop.signal),
  follow<Service>(
    client,
    'Service',
    ({ status }) => {
      watch.see(
        'held',
        status?.conditions?.some(({ type, status: is }) => type === heldCondition && is === 'True') === true,
      );
    },
    stop.signal,
  ),
  follow<EndpointSlice>(
    client,
    'EndpointSlice',
    ({ endpoints = [] }) => {
      watch.see(
        'endpoint',
        endpoints.some(({ conditions }) => conditions?.ready === true),
      );
    },
    stop.signal,
  ),
];
for (const each of followed) each.catch((error: unknown) => stop.signal.aborted || console.error(error));
for (const object of objects(port, podPort)) await client.create(object);
await until('the Service answers', async () => (await ask(port).catch(() => 0)) === 200);

const results: ReadonlyMap<Stage, number>[] = [];
for (let cycle = 0; cycle < cycles; cycle++) {
  await client.updateScale('Deployment', { namespace: 'default', name: 'zero' }, { replicas: 0 });
  await until('the pod is gone', () => pods.size === 0);
  // Envoy has heard of it, and everything else is quiet.
  await delay(500);
  watch.start();
  const status = await ask(port);
  watch.see('first byte', true);
  if (status !== 200) throw new Error(`the answer was ${status}`);
  // The word of each stage may come after the answer.
  await until('all stages were seen', () => watch.times.size === stages.length);
  results.push(watch.times);
}
stop.abort();
console.log(describeMachine());
console.log(
  `${cycles} cycles, driver ${driver}, a readiness probe each ${values['period-seconds']} s; milliseconds after the request`,
);
console.log(`${''.padEnd(20)}     p50     p99 | since the stage before: p50     p99`);
stages.forEach((stage, i) => {
  const times = results.map((each) => each.get(stage)!);
  const before = results.map((each) => (i === 0 ? 0 : each.get(stages[i - 1]!)!));
  const own = times.map((time, j) => time - before[j]!);
  console.log(`${stage.padEnd(20)} ${shown(times)} |                    ${shown(own)}`);
});
const podStart = results.map((each) => each.get('pod ready')! - each.get('pod bound')!);
const rest = results.map((each, i) => each.get('first byte')! - podStart[i]!);
console.log(`${'the pod itself'.padEnd(20)} ${shown(podStart)}   from its binding until it was ready`);
console.log(`${'all else'.padEnd(20)} ${shown(rest)}`);
