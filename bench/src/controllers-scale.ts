/**
 * Workload controllers at scale: Deployments on hollow nodes, with Kubernetes and kwok (PEERS names a folder with its binaries) and with
 * Gantry (Redis, NATS, each service a process of its own) in the same run. Ten Deployments grow from 0 to 1,000 pods each and back;
 * a DaemonSet gets a pod on each node; then 1,000 Deployments of 10 pods are made, and the cluster is left alone for a while, in which nobody
 * should write. Each of these parts has clusters of its own, first the one and then the other; what was measured is printed at once.
 *
 *     PEERS=… scripts/node bench/src/controllers-scale.ts [--part growth|daemonset|many] [--only gantry|kubernetes] [--nodes 1000] [--deployments 1000]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonSet, Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import { readArguments } from './arguments.ts';
import { describeMachine } from './machine.ts';
import { type Subject, startGantry, startKubernetes } from './scale/subjects.ts';

const values = readArguments('Deployments at scale, with Gantry and with Kubernetes.', {
  part: { type: 'text', about: 'one part of it', choices: ['growth', 'daemonset', 'many'] },
  only: { type: 'text', about: 'one of the two', choices: ['gantry', 'kubernetes'] },
  nodes: { type: 'number', about: 'nodes to play', default: 1000 },
  deployments: { type: 'number', about: 'Deployments of ten pods', default: 1000 },
  quiet: { type: 'number', about: 'seconds in which the cluster is left alone', default: 60 },
  profile: { type: 'folder', about: "where profiles of Gantry's processes go" },
});

const nodes = { count: values.nodes, cpu: 32, memory: '256Gi' };
const large = 10;
const pollMs = 250;
const patienceMs = 900_000;
/** Between two lines about a step that goes on, in milliseconds. */
const tellEveryMs = 10_000;

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

/** Looks until the counts are what they should be; returns the seconds since the start. */
async function untilCounts(
  startMs: number,
  read: () => Promise<Readonly<Record<string, number>>>,
  wanted: number,
): Promise<number> {
  for (let toldMs = startMs; ; await delay(pollMs)) {
    const counts = await read();
    const nowMs = performance.now();
    if (Object.values(counts).every((each) => each === wanted)) return (nowMs - startMs) / 1_000;
    const text = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
    const about = `${text.join(', ')} of ${wanted} after ${((nowMs - startMs) / 1_000).toFixed(0)} s`;
    if (nowMs - startMs > patienceMs) throw new Error(about);
    if (nowMs - toldMs < tellEveryMs) continue;
    toldMs = nowMs;
    console.error(`    … ${about}`);
  }
}

/** Seconds until all Deployments say that they have so many ready pods in all, and no others. */
function untilReady(subject: Subject, ready: number, startMs: number): Promise<number> {
  const read = async (): Promise<Record<string, number>> => {
    const all = await subject.deployments();
    const count = (pick: (status: NonNullable<Deployment['status']>) => number | undefined): number =>
      all.reduce((sum, { status }) => sum + ((status && pick(status)) ?? 0), 0);
    return { pods: count(({ replicas }) => replicas), available: count(({ availableReplicas }) => availableReplicas) };
  };
  return untilCounts(startMs, read, ready);
}

/** Seconds until a DaemonSet says that each node has an available pod of it. */
function untilOnAllNodes(subject: Subject, name: string, startMs: number): Promise<number> {
  const read = async (): Promise<Record<string, number>> => {
    const { status } = await subject.daemonSet(name);
    return { nodes: status?.desiredNumberScheduled ?? 0, available: status?.numberAvailable ?? 0 };
  };
  return untilCounts(startMs, read, values.nodes);
}

/** Cost of a step: its seconds, and the processor seconds of all processes, this one among them. */
interface Figures {
  readonly seconds: number;
  readonly processorSeconds: number;
}

/** The steps by name. */
type Steps = Map<string, Figures>;

/** Runs a step and prints how long it took and what processor time it cost. */
async function step(subject: Subject, steps: Steps, name: string, act: () => Promise<number>): Promise<void> {
  const before = await subject.processorTimes();
  const startMs = performance.now();
  const seconds = await act();
  const elapsedMs = performance.now() - startMs;
  const after = await subject.processorTimes();
  const spentMs = [...after].map(([program, ms]) => [program, ms - (before.get(program) ?? 0)] as const);
  const told = spentMs
    .filter(([, ms]) => ms >= 0.005 * elapsedMs)
    .map(([program, ms]) => `${program} ${(ms / 1_000).toFixed(1)}`);
  const controllers = spentMs.find(([program]) => /controller/.test(program))?.[1] ?? 0;
  const share = (controllers / elapsedMs).toFixed(2);
  const processorSeconds = spentMs.reduce((sum, [, ms]) => sum + ms, 0) / 1_000;
  steps.set(name, { seconds, processorSeconds });
  console.log(
    `  ${name.padEnd(46)} ${seconds.toFixed(1).padStart(7)} s   controllers ${share} cores   processor s: ${processorSeconds.toFixed(1)} (${told.join(', ')})`,
  );
}

async function growth(subject: Subject, steps: Steps): Promise<void> {
  const names = Array.from({ length: large }, (_, index) => `large-${index}`);
  const perDeployment = (values.deployments * 10) / large;
  await subject.create(names.map((name) => deploymentOf(name, 0)));
  await untilReady(subject, 0, performance.now());
  const grow = (to: number) => async (): Promise<number> => {
    const startMs = performance.now();
    await Promise.all(names.map((name) => subject.scale(name, to)));
    return await untilReady(subject, to * large, startMs);
  };
  await step(subject, steps, `${large} Deployments from 0 to ${perDeployment} pods each`, grow(perDeployment));
  await step(subject, steps, 'back to 0', grow(0));
}

async function daemonset(subject: Subject, steps: Steps): Promise<void> {
  await step(subject, steps, `a DaemonSet on ${values.nodes} nodes`, async () => {
    const startMs = performance.now();
    await subject.createDaemonSet(daemonSetOf('agent'));
    return await untilOnAllNodes(subject, 'agent', startMs);
  });
}

async function many(subject: Subject, steps: Steps): Promise<void> {
  const small = Array.from({ length: values.deployments }, (_, index) => deploymentOf(`web-${index}`, 10));
  await step(subject, steps, `${values.deployments} new Deployments of 10 pods`, async () => {
    const startMs = performance.now();
    await subject.create(small);
    return await untilReady(subject, 10 * small.length, startMs);
  });
  await delay(5_000);
  let leases = 0;
  using _watch = await subject.watchLeases(() => leases++);
  const before = await subject.revision();
  await step(subject, steps, 'left alone', async () => {
    await delay(values.quiet * 1_000);
    return values.quiet;
  });
  const writes = (await subject.revision()) - before;
  console.log(`  ${'writes meanwhile, without those of leases'.padEnd(46)} ${Math.max(0, writes - leases)}`);
}

const parts = { growth, daemonset, many };
const subjects = { kubernetes: startKubernetes, gantry: startGantry };

console.log(describeMachine());
for (const [part, measure] of Object.entries(parts)) {
  if (values.part !== undefined && values.part !== part) continue;
  const measured: Steps[] = [];
  for (const [name, start] of Object.entries(subjects)) {
    if (values.only !== undefined && values.only !== name) continue;
    const folder = await mkdtemp(join(tmpdir(), 'gantry-bench-'));
    const steps: Steps = new Map();
    try {
      await using subject = await start(join(folder, name), nodes, values.profile);
      console.log(subject.name);
      await measure(subject, steps);
      measured.push(steps);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const [kubernetes, gantry] = measured;
  for (const [name, theirs] of gantry === undefined ? [] : kubernetes!) {
    const ours = gantry!.get(name)!;
    const [faster, cheaper] = [theirs.seconds / ours.seconds, theirs.processorSeconds / ours.processorSeconds];
    console.log(
      `  Kubernetes / Gantry: ${name}: seconds ${faster.toFixed(1)}, processor seconds ${cheaper.toFixed(1)}`,
    );
  }
}
