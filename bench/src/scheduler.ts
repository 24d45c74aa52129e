/**
 * The scheduler's core alone: pods are compiled, queued and given nodes, without an api. Each workload runs in this
 * process, on one thread; `--only <text>` runs those whose name contains it, `--repeat <n>` takes the best of n runs,
 * `--million` adds a million pods on 100,000 nodes.
 *
 *   scripts/node bench/src/scheduler.ts [--only Basic] [--repeat 3] [--million]
 */
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { defaultProfiles } from '@gantry/scheduler/profiles.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { readArguments } from './arguments.ts';
import {
  basic,
  flood,
  manyClasses,
  podOfClass,
  preemptionApart,
  type Workload,
  workloads,
} from './scheduler-workloads.ts';

interface Outcome {
  readonly placed: number;
  readonly evicted: number;
  readonly seconds: number;
  readonly decideSeconds: number;
  readonly longestCycleMs: number;
}

const batchSize = 1_024;
const singlePods = 'SinglePods';

/** Runs cycles until there is nothing left to decide; pods that were evicted end at once. */
function drain(scheduler: Scheduler): Omit<Outcome, 'seconds'> {
  let placed = 0;
  let evicted = 0;
  let longestCycleMs = 0;
  const startMs = performance.now();
  while (scheduler.hasWork(0)) {
    const cycleMs = performance.now();
    const { placements, evictions } = scheduler.cycle(0);
    longestCycleMs = Math.max(longestCycleMs, performance.now() - cycleMs);
    for (const { victim } of evictions) scheduler.removePod(victim.uid);
    for (const { entry, nodeName } of placements) scheduler.setPod({ ...entry.info, nodeName });
    placed += placements.length;
    evicted += evictions.length;
  }
  return { placed, evicted, longestCycleMs, decideSeconds: (performance.now() - startMs) / 1_000 };
}

function run(workload: Workload): Outcome {
  const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize });
  for (const namespace of ['default', 'sched-0', 'sched-1']) scheduler.setNamespace(namespace, {});
  const compiler = new PodCompiler();
  for (const node of workload.nodes()) scheduler.setNode(compileNode(node));
  for (const pod of workload.before()) scheduler.setPod(compiler.compile(pod));
  drain(scheduler);
  const pods = workload.measured();
  const startMs = performance.now();
  for (const pod of pods) scheduler.setPod(compiler.compile(pod));
  const outcome = drain(scheduler);
  return { ...outcome, seconds: (performance.now() - startMs) / 1_000 };
}

function report(workload: Workload, { placed, evicted, seconds, decideSeconds, longestCycleMs }: Outcome): void {
  const perSecond = placed / seconds;
  const columns = [
    workload.name.padEnd(44),
    `${placed} placed`.padStart(15),
    `${Math.round(perSecond).toLocaleString('en')}/s`.padStart(12),
    `${((seconds * 1e6) / placed).toFixed(2)} µs each`.padStart(15),
    `(decide ${((decideSeconds * 1e6) / placed).toFixed(2)})`.padStart(16),
    `cycle ≤ ${longestCycleMs.toFixed(1)} ms`.padStart(18),
    evicted > 0 ? ` ${evicted} evicted` : '',
  ];
  console.log(columns.join(' '));
}

/** Prints the time of single pods, one after another, on an idle cluster. */
function reportSinglePods(nodes: number, pods: number): void {
  const scheduler = new Scheduler({ profiles: defaultProfiles, seed: 1, batchSize });
  const compiler = new PodCompiler();
  for (const node of basic(nodes, 0).nodes()) scheduler.setNode(compileNode(node));
  const timesMs: number[] = [];
  for (let index = 0; index < pods; index++) {
    const pod = podOfClass(`pod-${index}`, index % 50);
    const startMs = performance.now();
    scheduler.setPod(compiler.compile(pod));
    const { placements } = scheduler.cycle(0);
    timesMs.push(performance.now() - startMs);
    for (const { entry, nodeName } of placements) scheduler.setPod({ ...entry.info, nodeName });
  }
  timesMs.sort((left, right) => left - right);
  const at = (share: number): string => `${timesMs[Math.floor(share * (pods - 1))]!.toFixed(3)} ms`;
  console.log(
    `${singlePods}, ${nodes} nodes, ${pods} pods of 50 classes`.padEnd(60),
    `p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}`,
  );
}

const values = readArguments("The scheduler's core alone, without an api.", {
  only: { type: 'text', about: 'only workloads whose name contains this', default: '' },
  repeat: { type: 'number', about: 'runs to take the best of', default: 1 },
  million: { type: 'flag', about: 'also a million pods on 100,000 nodes' },
});
const sizes = [
  [500, 1_000],
  [5_000, 10_000],
  [50_000, 100_000],
  [100_000, 200_000],
  ...(values.million ? [[100_000, 1_000_000] as const] : []),
] as const;
const curve = sizes.map(([nodes, pods]) => basic(nodes, pods));
const all = [...curve, ...workloads, manyClasses, preemptionApart, flood];
for (const workload of all.filter(({ name }) => name.includes(values.only))) {
  const outcomes = Array.from({ length: values.repeat }, () => run(workload));
  report(
    workload,
    outcomes.reduce((best, outcome) => (outcome.seconds < best.seconds ? outcome : best)),
  );
}
if (singlePods.includes(values.only)) reportSinglePods(5_000, 5_000);
