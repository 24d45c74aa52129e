/**
 * Shows from which size on worker threads pay: cycles of pods of many classes, others in each cycle, decided by the coordinator alone and with a thread beside it,
 * in turn and on equal clusters. Shown is the median of a cycle's time, and of the ratio of two that follow each other.
 * A machine whose cores are taken by others shows nothing: the best of all ratios comes closest to an idle one.
 *
 *   scripts/node bench/src/scheduler-threads.ts [--nodes 5000] [--classes 50] [--rounds 100]
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compileNode } from '@gantry/scheduler/compile/node.ts';
import { PodCompiler } from '@gantry/scheduler/compile/pod.ts';
import { defaultProfiles } from '@gantry/scheduler/profiles.ts';
import type { PodInfo } from '@gantry/scheduler/requirement.ts';
import { Scheduler } from '@gantry/scheduler/scheduler.ts';
import { nodeNamed } from '@gantry/scheduler/testing/builders.ts';
import { ListMaker } from '@gantry/scheduler/workers/list-maker.ts';
import { WorkerPool } from '@gantry/scheduler/workers/pool.ts';
import { readArguments } from './arguments.ts';
import { podOfClass } from './scheduler-workloads.ts';

const podsPerClass = 2;
/** A class comes again after so many cycles: by then its last list is used up. */
const turns = 10;
/** Cycles before the clock counts: code is compiled and the thread starts. */
const warmUp = 5;
const seed = 1;

function clusterOf(nodes: number, pool?: WorkerPool): Scheduler {
  const scheduler = new Scheduler({
    profiles: defaultProfiles,
    seed,
    batchSize: 100_000,
    // No matter how little there is to do: it is shown where it does not pay.
    ...(pool && { listMaker: (cluster) => new ListMaker(cluster, seed, pool, { nodes: 0, work: 0 }) }),
  });
  for (let index = 0; index < nodes; index++) scheduler.setNode(compileNode(nodeNamed(`node-${index}`)));
  return scheduler;
}

/** Milliseconds of one cycle. */
async function cycle(scheduler: Scheduler, pods: readonly PodInfo[]): Promise<number> {
  for (const pod of pods) scheduler.setPod(pod);
  const startMs = performance.now();
  const { placements } = scheduler.cycle(0);
  const tookMs = performance.now() - startMs;
  for (const { entry, nodeName } of placements) scheduler.setPod({ ...entry.info, nodeName });
  await nextTurn();
  return tookMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >>> 1]!;
}

async function compare(nodes: number, classes: number, rounds: number, pool: WorkerPool): Promise<void> {
  const compiler = new PodCompiler();
  const one = clusterOf(nodes);
  const two = clusterOf(nodes, pool);
  const times: { readonly one: number; readonly two: number }[] = [];
  for (let round = 0; round < warmUp + rounds; round++) {
    const pods = Array.from({ length: classes * podsPerClass }, (_, index) =>
      compiler.compile(podOfClass(`pod-${round}-${index}`, (round * classes + (index % classes)) % (turns * classes))),
    );
    const twoFirst = round % 2 === 0 ? await cycle(two, pods) : undefined;
    const oneMs = await cycle(one, pods);
    const twoMs = twoFirst ?? (await cycle(two, pods));
    if (round >= warmUp) times.push({ one: oneMs, two: twoMs });
  }
  const ratios = times.map((time) => time.one / time.two);
  const columns = [
    `${nodes} nodes, ${classes} classes`.padEnd(28),
    `one thread ${median(times.map((time) => time.one)).toFixed(2)} ms`.padStart(22),
    `two ${median(times.map((time) => time.two)).toFixed(2)} ms`.padStart(16),
    `ratio ${median(ratios).toFixed(2)}`.padStart(12),
    `best ${Math.max(...ratios).toFixed(2)}`.padStart(12),
    `fastest ${Math.min(...times.map((time) => time.one)).toFixed(2)} and ${Math.min(...times.map((time) => time.two)).toFixed(2)} ms`,
  ];
  console.log(columns.join(' '));
}

const values = readArguments('Cycles decided on one thread and on two.', {
  nodes: { type: 'number', about: 'nodes; 500, 5,000 and 20,000 where absent' },
  classes: { type: 'number', about: 'classes of pods; 5, 20 and 100 where absent' },
  rounds: { type: 'number', about: 'cycles that are timed', default: 100 },
});
const nodeCounts = values.nodes === undefined ? [500, 5_000, 20_000] : [values.nodes];
const classCounts = values.classes === undefined ? [5, 20, 100] : [values.classes];
await using pool = new WorkerPool(1, (error) => console.error(error));
for (const nodes of nodeCounts) {
  for (const classes of classCounts) await compare(nodes, classes, values.rounds, pool);
}
