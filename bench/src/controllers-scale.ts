/**
 * Workload controllers at scale: Deployments on hollow nodes, with Gantry (Redis, NATS, each service a process of its own) and with
 * Kubernetes and kwok (PEERS names a folder with its binaries) in the same run. Ten Deployments grow from 0 to 1,000 pods each and back;
 * a DaemonSet gets a pod on each node; then 1,000 Deployments of 10 pods are made, and the cluster is left alone for a while, in which nobody
 * should write.
 *
 *     PEERS=… scripts/node bench/src/controllers-scale.ts [--only gantry|kubernetes] [--nodes 1000] [--deployments 1000]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@gantry/client/client.ts';
import type { DaemonSet, Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { startHollowNodes } from '@gantry/node-agent/hollow-nodes.ts';
import { defaultNodeTimes } from '@gantry/node-agent/node/registrar.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { readArguments } from './arguments.ts';
import { startProcesses } from './end-to-end-cluster.ts';
import { createAll } from './end-to-end-load.ts';
import { startKubernetesCluster } from './kubernetes/cluster.ts';
import { describeMachine } from './machine.ts';
import { processorTimes } from './services.ts';

const values = readArguments('Deployments at scale, with Gantry and with Kubernetes.', {
  only: { type: 'text', about: 'one of the two', choices: ['gantry', 'kubernetes'] },
  nodes: { type: 'number', about: 'nodes to play', default: 1000 },
  deployments: { type: 'number', about: 'Deployments of ten pods', default: 1000 },
  quiet: { type: 'number', about: 'seconds in which the cluster is left alone', default: 60 },
});

const cpu = 32;
const memoryGib = 256;
const large = 10;
const pollMs = 250;
const patienceMs = 900_000;

/** A cluster that is measured. */
interface Subject extends AsyncDisposable {
  readonly name: string;
  create(deployments: readonly Deployment[]): Promise<void>;
  scale(name: string, replicas: number): Promise<void>;
  deployments(): Promise<readonly Deployment[]>;
  createDaemonSet(set: DaemonSet): Promise<void>;
  daemonSet(name: string): Promise<DaemonSet>;
  deleteDaemonSet(name: string): Promise<void>;
  /** The store's present revision. */
  revision(): Promise<number>;
  /** Calls back at each change of a Lease: those of leaders and of nodes are no work of workload controllers. */
  watchLeases(onChange: () => void): Promise<Disposable>;
  processorTimes(): Promise<Map<string, number>>;
}

function deploymentOf(name: string, replicas: number): Deployment {
  const labels = { app: name };
  const resources = { requests: { cpu: '100m', memory: '50Mi' } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      // No kubelet asks for tokens where kwok plays it.
      template: {
        metadata: { labels },
        spec: { automountServiceAccountToken: false, containers: [{ name: 'main', image: 'pause:3', resources }] },
      },
    },
  } as unknown as Deployment;
}

function daemonSetOf(name: string): DaemonSet {
  const { selector, template } = deploymentOf(name, 0).spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: 'default' },
    spec: { selector, template },
  } as unknown as DaemonSet;
}

async function startGantry(folder: string): Promise<Subject> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await startProcesses({ controllers: true }));
  const { client } = cluster;
  const { nodes: count } = values;
  const sizes = { count, cpuCount: cpu, memoryBytes: memoryGib * 2 ** 30, startMs: 0, nodeTimes: defaultNodeTimes };
  stack.use(
    await startHollowNodes(
      { ...sizes, namePrefix: 'node', rootDir: folder },
      { client: stack.use(connect(cluster.address)), clock: systemClock, log: silentLogger },
    ),
  );
  const owned = stack.move();
  return {
    name: 'Gantry (Redis, NATS)',
    create: async (deployments) => void (await createAll(client, deployments)),
    scale: async (name, replicas) => {
      const patch = { type: 'merge', body: { spec: { replicas } } } as const;
      await client.patch('Deployment', { namespace: 'default', name }, patch);
    },
    deployments: async () => (await client.list('Deployment', { namespace: 'default' })).items,
    createDaemonSet: async (set) => void (await client.create(set)),
    daemonSet: (name) => client.get('DaemonSet', { namespace: 'default', name }),
    deleteDaemonSet: async (name) => void (await client.delete('DaemonSet', { namespace: 'default', name })),
    revision: async () => (await client.list('Namespace', { limit: 1 })).resourceVersion,
    watchLeases: async (onChange) => {
      const { resourceVersion } = await client.list('Lease', { limit: 1 });
      const over = new AbortController();
      const changes = client.watch('Lease', { resourceVersion }, over.signal);
      const follow = async (): Promise<void> => {
        for await (const { type } of changes) if (type !== 'BOOKMARK') onChange();
      };
      follow().catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
      return { [Symbol.dispose]: () => over.abort() };
    },
    processorTimes: () => cluster.processorTimes(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startKubernetes(folder: string): Promise<Subject> {
  const peers = process.env.PEERS;
  if (peers === undefined) throw new Error('PEERS must name a folder with the binaries of Kubernetes and kwok');
  const played = { count: values.nodes, cpu, memory: `${memoryGib}Gi` };
  const cluster = await startKubernetesCluster(peers, folder, played);
  const [load] = cluster.server.loads;
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const daemonPath = '/apis/apps/v1/namespaces/default/daemonsets';
  const list = async <T>(url: string): Promise<T> => JSON.parse(await load.send('GET', url)) as T;
  return {
    name: 'Kubernetes (etcd, kwok)',
    create: async (deployments) => {
      const waiting = [...deployments];
      const lane = async (): Promise<void> => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await load.send('POST', path, next);
      };
      await Promise.all(Array.from({ length: 32 }, lane));
    },
    scale: async (name, replicas) => {
      await load.send('PATCH', `${path}/${name}`, { spec: { replicas } }, 'application/merge-patch+json');
    },
    deployments: async () => (await list<{ items: Deployment[] }>(`${path}?resourceVersion=0`)).items,
    createDaemonSet: async (set) => void (await load.send('POST', daemonPath, set)),
    daemonSet: (name) => list<DaemonSet>(`${daemonPath}/${name}`),
    deleteDaemonSet: async (name) => void (await load.send('DELETE', `${daemonPath}/${name}`)),
    revision: async () => {
      const { metadata } = await list<{ metadata: { resourceVersion: string } }>('/api/v1/namespaces?limit=1');
      return Number(metadata.resourceVersion);
    },
    watchLeases: (onChange) => load.watch(onChange, '/apis/coordination.k8s.io/v1/leases'),
    processorTimes: () => processorTimes(cluster.programs),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

/** Seconds until all Deployments say that they have so many ready pods in all, and no others. */
async function untilReady(subject: Subject, ready: number, startMs: number): Promise<number> {
  for (;;) {
    const all = await subject.deployments();
    const count = (pick: (status: NonNullable<Deployment['status']>) => number | undefined): number =>
      all.reduce((sum, { status }) => sum + ((status && pick(status)) ?? 0), 0);
    const elapsedMs = performance.now() - startMs;
    const counts = [count(({ replicas }) => replicas), count(({ availableReplicas }) => availableReplicas)];
    if (counts.every((each) => each === ready)) return elapsedMs / 1_000;
    if (elapsedMs > patienceMs) throw new Error(`${counts.join(' pods, available: ')} of ${ready} after 15 minutes`);
    await delay(pollMs);
  }
}

/** Seconds until a DaemonSet says that each node has an available pod of it. */
async function untilOnAllNodes(subject: Subject, name: string, startMs: number): Promise<number> {
  for (;;) {
    const { status } = await subject.daemonSet(name);
    const elapsedMs = performance.now() - startMs;
    const counts = [status?.desiredNumberScheduled ?? 0, status?.numberAvailable ?? 0];
    if (counts.every((each) => each === values.nodes)) return elapsedMs / 1_000;
    if (elapsedMs > patienceMs) throw new Error(`${counts.join(' nodes, available: ')} after 15 minutes`);
    await delay(pollMs);
  }
}

/** Runs a step and prints how long it took and what processor time it cost. */
async function step(subject: Subject, name: string, act: () => Promise<number>): Promise<void> {
  const before = await subject.processorTimes();
  const startMs = performance.now();
  const seconds = await act();
  const elapsedMs = performance.now() - startMs;
  const after = await subject.processorTimes();
  const spent = [...after]
    .map(([program, ms]) => [program, ms - (before.get(program) ?? 0)] as const)
    .filter(([, ms]) => ms >= 0.005 * elapsedMs)
    .map(([program, ms]) => `${program} ${(ms / 1_000).toFixed(1)}`);
  const cores = (ms: number): string => (ms / elapsedMs).toFixed(2);
  const controllers = [...after].find(([program]) => /controller/.test(program));
  const share = cores((controllers?.[1] ?? 0) - (before.get(controllers?.[0] ?? '') ?? 0));
  console.log(
    `  ${name.padEnd(46)} ${seconds.toFixed(1).padStart(7)} s   controllers ${share} cores   processor s: ${spent.join(', ')}`,
  );
}

async function measure(subject: Subject): Promise<void> {
  console.log(subject.name);
  const names = Array.from({ length: large }, (_, index) => `large-${index}`);
  const perDeployment = (values.deployments * 10) / large;
  await subject.create(names.map((name) => deploymentOf(name, 0)));
  await untilReady(subject, 0, performance.now());
  const grow = (to: number) => async (): Promise<number> => {
    const startMs = performance.now();
    await Promise.all(names.map((name) => subject.scale(name, to)));
    return await untilReady(subject, to * large, startMs);
  };
  await step(subject, `${large} Deployments from 0 to ${perDeployment} pods each`, grow(perDeployment));
  await step(subject, 'back to 0', grow(0));
  await step(subject, `a DaemonSet on ${values.nodes} nodes`, async () => {
    const startMs = performance.now();
    await subject.createDaemonSet(daemonSetOf('agent'));
    return await untilOnAllNodes(subject, 'agent', startMs);
  });
  await subject.deleteDaemonSet('agent');
  const small = Array.from({ length: values.deployments }, (_, index) => deploymentOf(`web-${index}`, 10));
  await step(subject, `${values.deployments} new Deployments of 10 pods`, async () => {
    const startMs = performance.now();
    await subject.create(small);
    return await untilReady(subject, 10 * small.length, startMs);
  });
  await delay(5_000);
  let leases = 0;
  using _watch = await subject.watchLeases(() => leases++);
  const before = await subject.revision();
  await step(subject, 'left alone', async () => {
    await delay(values.quiet * 1_000);
    return values.quiet;
  });
  const writes = (await subject.revision()) - before;
  console.log(`  ${'writes meanwhile, without those of leases'.padEnd(46)} ${Math.max(0, writes - leases)}`);
}

console.log(describeMachine());
for (const [name, start] of [
  ['kubernetes', startKubernetes],
  ['gantry', startGantry],
] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  try {
    await using subject = await start(join(folder, name));
    await measure(subject);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
