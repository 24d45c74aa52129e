/**
 * A Job of thousands of completions, with kube-apiserver, etcd and kube-controller-manager, and then with Gantry's api and controllers on SQLite, and on
 * Redis and NATS. A small program plays scheduler and kubelet for all of them alike: it binds each pod and ends it at once.
 *
 *     PEERS=FOLDER scripts/node bench/src/job-completions.ts [--completions 10000] [--parallelism 500] [--mode Indexed] [--only sqlite]
 *
 * PEERS names a folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '@gantry/model/gen/gantry.batch.v1.ts';
import { readArguments, refuse } from './arguments.ts';
import { startControllerManager } from './kubernetes/cluster.ts';
import { FastKubelet } from './kubernetes/kubelet.ts';
import type { HttpLoad } from './kubernetes/load.ts';
import { memoryOf, startGantry, startKubernetes } from './kubernetes/servers.ts';
import { describeMachine } from './machine.ts';
import { processorTimes } from './services.ts';

const values = readArguments('A Job of many completions, beside Kubernetes.', {
  completions: { type: 'number', about: 'pods that must succeed', default: 10_000 },
  parallelism: { type: 'number', about: 'pods that run at once', default: 500 },
  mode: { type: 'text', about: 'completion mode', choices: ['NonIndexed', 'Indexed'], default: 'NonIndexed' },
  only: { type: 'text', about: 'one of them', choices: ['kubernetes', 'sqlite', 'redis'] },
});
const namespace = 'bench';
const pollMs = 100;
const patienceMs = 600_000;

/** A control plane that is measured. */
interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly load: HttpLoad;
  readonly programs: ReadonlyMap<number, string>;
}

async function kubernetes(folder: string): Promise<Subject> {
  const { PEERS: peers } = process.env;
  if (!peers) refuse('PEERS is missing: the folder whose bin/ holds etcd, kube-apiserver and kube-controller-manager');
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startKubernetes(join(peers, 'bin'), folder));
  const manager = stack.use(await startControllerManager(join(peers, 'bin'), folder, server));
  const programs = new Map([
    [server.pids.etcd, 'etcd'],
    [server.pids.api, 'kube-apiserver'],
    [manager.pid, 'kube-controller-manager'],
  ]);
  const owned = stack.move();
  const name = 'kube-controller-manager, kube-apiserver, etcd';
  return { name, load: server.loads[0], programs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function gantry(store: 'sqlite' | 'redis', folder: string): Promise<Subject> {
  const server = await startGantry(store, folder, { controllers: true });
  const name = store === 'sqlite' ? 'Gantry, SQLite' : 'Gantry, Redis and NATS';
  const [load] = server.loads;
  return { name, load, programs: server.programs, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'many', namespace },
  spec: {
    completions: values.completions,
    parallelism: values.parallelism,
    completionMode: values.mode,
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'pause:3' }] },
    },
  },
};

const nodes = Array.from({ length: 100 }, (_, index) => `node-${index}`);
const room = { cpu: '1000', memory: '1000Gi', pods: '100000' };
const nodeNamed = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { capacity: room, allocatable: room },
});

async function measure({ name, load, programs }: Subject): Promise<void> {
  await load.createNamespace(namespace).catch(() => undefined);
  for (const name of nodes) await load.send('POST', '/api/v1/nodes', nodeNamed(name));
  // Controllers have found their feet, and the account of the pods is there.
  await delay(5_000);
  using kubelet = new FastKubelet(load, nodes, namespace);
  const labels = new Map([...programs, [process.pid, 'this program']]);
  const before = await processorTimes(labels);
  const startMs = performance.now();
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  await load.send('POST', path, job);
  const controllers = [...programs].filter(([, program]) => program.includes('controller')).map(([pid]) => pid);
  let mostMb = 0;
  let done: Job;
  for (;;) {
    done = JSON.parse(await load.send('GET', `${path}/${job.metadata.name}`)) as Job;
    mostMb = Math.max(mostMb, await memoryOf(controllers));
    if (done.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True')) break;
    if (performance.now() - startMs > patienceMs) throw new Error(`not complete: ${JSON.stringify(done.status)}`);
    await delay(pollMs);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await processorTimes(labels);
  const { succeeded, failed = 0, completedIndexes = '', uncountedTerminatedPods } = done.status!;
  console.log(`${name}: ${values.completions} completions in ${seconds.toFixed(1)} s`);
  const left = JSON.stringify(uncountedTerminatedPods);
  console.log(`  succeeded ${succeeded}, failed ${failed}, indexes "${completedIndexes}", uncounted ${left}`);
  console.log(
    `  controllers' memory at most ${mostMb.toFixed(0)} MB; calls of the kubelet that failed: ${kubelet.failures}`,
  );
  const cpu = [...after].map(([program, ms]) => `${program} ${((ms - (before.get(program) ?? 0)) / 1_000).toFixed(1)}`);
  console.log(`  processor seconds: ${cpu.join(', ')}`);
}

console.log(describeMachine());
const subjects = {
  kubernetes,
  sqlite: (folder: string) => gantry('sqlite', folder),
  redis: (folder: string) => gantry('redis', folder),
};
for (const [name, start] of Object.entries(subjects)) {
  if (values.only !== undefined && values.only !== name) continue;
  const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
  try {
    await using subject = await start(join(folder, name));
    await measure(subject);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
