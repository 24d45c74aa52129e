import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { compileNode } from '../compile/node.ts';
import { PodCompiler } from '../compile/pod.ts';
import { defaultProfiles } from '../profiles.ts';
import { Scheduler } from '../scheduler.ts';
import { scanColumns } from '../solve/resource-scan.ts';
import { arbitraryNodes, arbitraryPods } from '../testing/arbitrary.ts';
import { type NodeFields, nodeNamed, type PodFields, podNamed } from '../testing/builders.ts';
import { claim, isMade, type ListJobs, lead, makeList, newJobs, newSlots, readList } from './list-jobs.ts';
import { type Helpers, ListMaker } from './list-maker.ts';
import { WorkerPool } from './pool.ts';

const seed = 3;

/** Places pods in cycles; the nodes that they got, in order. */
async function place(nodes: readonly NodeFields[], pods: readonly PodFields[], helpers?: Helpers): Promise<string[]> {
  const compiler = new PodCompiler();
  const scheduler = new Scheduler({
    profiles: defaultProfiles,
    seed,
    batchSize: 100,
    ...(helpers && { listMaker: (cluster) => new ListMaker(cluster, seed, helpers, { nodes: 0, work: 0 }) }),
  });
  for (const [index, fields] of nodes.entries()) scheduler.setNode(compileNode(nodeNamed(`n${index}`, fields)));
  for (const [index, fields] of pods.entries()) scheduler.setPod(compiler.compile(podNamed(`p${index}`, fields)));
  const placed: string[] = [];
  while (scheduler.hasWork(0)) {
    placed.push(...scheduler.cycle(0).placements.map(({ entry, nodeName }) => `${entry.pod.name} ${nodeName}`));
    await nextTurn();
  }
  return placed;
}

/** A thread that is as far ahead as it may be, and so knows of none of the changes that come in between. */
const eager: Helpers = {
  help: (jobs: ListJobs) => {
    const scores = new Float64Array(jobs.end);
    for (let index = claim(jobs); index >= 0; index = claim(jobs)) makeList(jobs, index, scores);
  },
};
/** A thread that claims lists and never makes them. */
const stuck: Helpers = {
  help: (jobs: ListJobs) => {
    for (let claimed = 0; claimed < lead / 2; claimed++) claim(jobs);
  },
};
const away: Helpers = { help: () => {} };

/** Pods of many classes that all fit on nodes which differ a little. */
const manyClasses = Array.from({ length: 400 }, (_, index) => ({
  labels: { app: `app-${index % 90}` },
  requests: { cpu: `${20 + (index % 90)}m`, memory: `${10 + (index % 7)}Mi`, 'example.com/device': `${index % 2}` },
  ...(index % 5 === 0 ? { schedulerName: 'binpack' } : {}),
}));
const manyNodes = Array.from({ length: 300 }, (_, index) => ({
  cpu: `${4 + (index % 3)}`,
  extended: { 'example.com/device': '4' },
}));

describe('the same pods get the same nodes on one thread and on several', () => {
  const pool = new WorkerPool(2, (error) => {
    throw error;
  });
  afterAll(() => pool[Symbol.asyncDispose]());

  test.each<[string, Helpers]>([
    ['worker threads', pool],
    ['a thread that is far ahead', eager],
    ['a thread that is stuck', stuck],
    ['no thread at hand', away],
  ])('%s', async (_, helpers) => {
    const alone = await place(manyNodes, manyClasses);
    expect(alone).toHaveLength(400);
    expect(await place(manyNodes, manyClasses, helpers)).toEqual(alone);
  });

  test.each<[string, Helpers, number]>([
    ['worker threads', pool, 40],
    ['a thread that is far ahead', eager, 300],
    ['a thread that is stuck', stuck, 100],
  ])(
    'on random clusters: %s',
    async (_, helpers, numRuns) => {
      await fc.assert(
        fc.asyncProperty(arbitraryNodes, arbitraryPods, async (nodes, pods) => {
          expect(await place(nodes, pods, helpers)).toEqual(await place(nodes, pods));
        }),
        { numRuns },
      );
    },
    60_000,
  );
});

test('a worker thread makes what nobody else does, up to its lead', async () => {
  const scheduler = new Scheduler({ profiles: defaultProfiles, seed, batchSize: 1 });
  const { nodes } = scheduler.cluster;
  for (const [index, fields] of manyNodes.entries()) scheduler.setNode(compileNode(nodeNamed(`n${index}`, fields)));
  const compiler = new PodCompiler();
  const requests = manyClasses.slice(0, 20).map((fields, index) => {
    const podClass = scheduler.cluster.acquireClass(compiler.compile(podNamed(`p${index}`, fields)).requirement);
    return { prepared: scheduler.solver.prepare(podClass, defaultProfiles.spread!), wanted: 10 };
  });
  const context = { columns: scanColumns(nodes), end: nodes.end, seed, slots: newSlots(nodes.capacity) };
  const jobs = newJobs(requests, context);
  await using pool = new WorkerPool(1, () => {});
  pool.help(jobs);
  await vi.waitFor(() => expect(isMade(jobs.control, lead - 1)).toBe(true), { timeout: 20_000 });
  expect(isMade(jobs.control, lead)).toBe(false);
  const own = newJobs(requests, { ...context, slots: newSlots(nodes.capacity) });
  eager.help(own);
  for (let index = 0; index < lead; index++) expect(readList(jobs, index)).toEqual(readList(own, index));
}, 30_000);

test('a thread that fails is told of once, and none begins again', async () => {
  const onError = vi.fn();
  await using pool = new WorkerPool(1, onError);
  const broken = { count: 1, end: 1 } as ListJobs;
  pool.help(broken);
  await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), { timeout: 20_000 });
  const before = await place(manyNodes, manyClasses.slice(0, 50));
  expect(await place(manyNodes, manyClasses.slice(0, 50), pool)).toEqual(before);
  expect(onError).toHaveBeenCalledOnce();
}, 30_000);

test('few lists of few nodes are not worth other threads', () => {
  const { cluster } = new Scheduler({ profiles: defaultProfiles, seed, batchSize: 1 });
  const grow = (nodes: number): void => {
    for (let index = 0; index < nodes; index++) cluster.setNode(compileNode(nodeNamed(`n${index}`)));
  };
  const maker = new ListMaker(cluster, seed, away, { nodes: 20, work: 100 });
  grow(19);
  expect(maker.isWorth(1_000)).toBe(false);
  grow(20);
  expect(maker.isWorth(4)).toBe(false);
  expect(maker.isWorth(5)).toBe(true);
  grow(100);
  expect(maker.isWorth(1)).toBe(false);
});
