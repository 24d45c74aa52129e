/**
 * The scheduler with everything around it: pods are created through the api, bound, and seen bound by an informer, with
 * scheduler_perf's workloads. Each workload gets a cluster of its own:
 *
 *     scripts/node bench/src/scheduler-end-to-end.ts [--form redis|sqlite] [--only Basic] [--repeat 1] [--singles 200]
 *
 * `redis`: redis-server, nats-server, api and scheduler are processes; this one creates the pods and holds the informer,
 * which hears over NATS. `sqlite`: all in this process, with SQLite and the in-process bus, as in `gantry up`.
 * `--singles` is how many pods are created one at a time on an idle cluster of 5,000 nodes, each after the one before it
 * was seen bound. `--profile FOLDER` writes processor profiles of the api and the scheduler there;
 * `--appendfsync always` makes Redis flush the disk before it answers.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { podNamed } from '@gantry/scheduler/testing/builders.ts';
import { readArguments } from './arguments.ts';
import { type Cluster, startOneProcess, startProcesses } from './end-to-end-cluster.ts';
import { createAll, processorTimePerPod, quantile } from './end-to-end-load.ts';
import { describeMachine } from './machine.ts';
import { basic, type Workload, workloads } from './scheduler-workloads.ts';

/** Rest before pods are created alone, until the events of the burst are written and nodes were told of it, and between two of them. */
const restMs = 5_000;
const pauseMs = 10;

const values = readArguments('Pods created, bound and seen bound, through the whole control plane.', {
  form: { type: 'text', about: 'where objects are stored', choices: ['redis', 'sqlite'], default: 'redis' },
  only: { type: 'text', about: 'only workloads whose name contains this', default: '' },
  repeat: { type: 'number', about: 'rounds of each', default: 1 },
  singles: { type: 'number', about: 'pods that are created alone', default: 200 },
  appendfsync: { type: 'text', about: 'of Redis', choices: ['everysec', 'always'], default: 'everysec' },
  profile: { type: 'text', about: 'folder for profiles of the processes' },
});
const appendfsync = values.appendfsync === 'always' ? 'always' : 'everysec';
const nodeFlags = values.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', values.profile];

await main();

async function main(): Promise<void> {
  console.log(`${describeMachine()}, ${values.form}`);
  const all = [
    basic(1_000, 5_000),
    basic(5_000, 10_000),
    ...workloads.filter(({ name }) => !name.startsWith('Preempt')),
  ];
  for (const workload of all.filter(({ name }) => name.includes(values.only))) {
    for (let round = 0; round < values.repeat; round++) await run(workload);
  }
}

async function run(workload: Workload): Promise<void> {
  await using cluster = await (values.form === 'sqlite'
    ? startOneProcess()
    : startProcesses({ nodeFlags, appendfsync }));
  const { client, pods } = cluster;
  for (const name of ['sched-0', 'sched-1']) {
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await createAll(client, workload.nodes());
  const before = workload.before();
  await createAll(client, before);
  await pods.until(() => (workload.leavesWaiting ? pods.refused : pods.bound) === before.length);
  await report(cluster, workload);
  const alone = values.singles;
  if (alone > 0 && workload.name.startsWith('SchedulingBasic 5000')) await singles(cluster, alone);
}

/** Creates the measured pods, and says how long it took until an informer had seen all of them bound. */
async function report({ client, pods, processorTimes }: Cluster, workload: Workload): Promise<void> {
  const measured = workload.measured();
  const boundBefore = pods.bound;
  const timesBefore = await processorTimes();
  const startMs = performance.now();
  const createdMs = await createAll(client, measured);
  const allCreatedMs = performance.now();
  await pods.until(() => pods.bound === boundBefore + measured.length);
  const seconds = (performance.now() - startMs) / 1_000;
  const times = await processorTimes();
  const perSecond = measured.length / seconds;
  const waitedMs = measured.map((pod, index) => pods.boundMs(pod)! - createdMs[index]!);
  const kube = workload.kubeSchedulerPerSecond;
  console.log(
    [
      workload.name.padEnd(44),
      `${Math.round(perSecond).toLocaleString('en')} pods/s`.padStart(14),
      `created in ${((allCreatedMs - startMs) / 1_000).toFixed(2)} of ${seconds.toFixed(2)} s`,
      `created to bound p50 ${quantile(waitedMs, 0.5)} p99 ${quantile(waitedMs, 0.99)} ms`,
      ...(kube === undefined ? [] : [`${Math.round(perSecond / kube)} × kube-scheduler's ${kube}/s`]),
      ...(pods.repairs > 0 ? [`${pods.repairs} repairs`] : []),
    ].join('  '),
  );
  console.log(`    processor time, µs a pod: ${processorTimePerPod(timesBefore, times, measured.length)}`);
}

/** Pods one at a time: how long each takes from the call of create until it is seen bound. */
async function singles({ client, pods }: Cluster, count: number): Promise<void> {
  await delay(restMs);
  const fromCallMs: number[] = [];
  const fromAnswerMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const pod = podNamed(`single-${index}`, { requests: { cpu: '100m', memory: '500Mi' } });
    const calledMs = performance.now();
    await client.create(pod);
    const answeredMs = performance.now();
    await pods.until(() => pods.boundMs(pod) !== undefined);
    fromCallMs.push(pods.boundMs(pod)! - calledMs);
    fromAnswerMs.push(pods.boundMs(pod)! - answeredMs);
    await delay(pauseMs);
  }
  const texts = [fromCallMs, fromAnswerMs].map((ms) => `p50 ${quantile(ms, 0.5)} p99 ${quantile(ms, 0.99)} ms`);
  console.log(`    ${count} single pods: from call to bound ${texts[0]}, from created to bound ${texts[1]}`);
}
