import { startTestApi, type TestApi } from '@gantry/api/testing/harness.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { defaultSchedulerConfig, isInShard } from '@gantry/scheduler/config.ts';
import { type RunningScheduler, startScheduler } from '@gantry/scheduler/service.ts';
import { nodeNamed, podNamed } from '@gantry/scheduler/testing/builders.ts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// The scheduler against a real api: what it decides is what the store holds.

let running: TestApi;
let schedulers: RunningScheduler[];

beforeEach(async () => {
  running = await startTestApi();
  schedulers = [];
});

afterEach(async () => {
  for (const scheduler of schedulers) await scheduler[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

function start(shard = { index: 0, count: 1 }): RunningScheduler {
  const config = { ...defaultSchedulerConfig, identity: `test-${shard.index}`, shard };
  const scheduler = startScheduler(config, { client: running.client, clock: systemClock, log: silentLogger });
  schedulers.push(scheduler);
  return scheduler;
}

/** Pods as soon as they all fulfil a condition. */
async function podsWhen(condition: (pod: Pod) => boolean, count: number): Promise<Pod[]> {
  const seen = new Map<string, Pod>();
  const signal = AbortSignal.timeout(30_000);
  for await (const event of running.client.watch('Pod', { resourceVersion: 0 }, signal)) {
    if (event.type !== 'BOOKMARK') seen.set(event.object.metadata.name, event.object);
    const done = [...seen.values()].filter(condition);
    if (done.length === count) return done;
  }
  throw new Error('the watch ended');
}

async function createNode(name: string, cpu: string): Promise<void> {
  await running.client.create(nodeNamed(name, { cpu }));
}

async function createPod(name: string, cpu: string): Promise<void> {
  await running.client.create(podNamed(name, { requests: { cpu } }));
}

test('pods are bound, spread, and those that fit nowhere say why', async () => {
  await createNode('a', '1');
  await createNode('b', '1');
  start();
  for (const name of ['p1', 'p2', 'p3', 'p4']) await createPod(name, '500m');
  const bound = await podsWhen(({ spec }) => Boolean(spec.nodeName), 4);
  expect(bound.map(({ spec }) => spec.nodeName).sort()).toEqual(['a', 'a', 'b', 'b']);
  expect(bound[0]!.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'PodScheduled', status: 'True' }),
  );
  await createPod('p5', '500m');
  const reported = ({ status }: Pod): boolean => status?.conditions?.[0]?.reason === 'Unschedulable';
  const [waiting] = await podsWhen(reported, 1);
  const message =
    '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.';
  expect(waiting!.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'False', message }]);
  await createNode('c', '1');
  const [late] = await podsWhen(({ metadata, spec }) => metadata.name === 'p5' && Boolean(spec.nodeName), 1);
  expect(late!.spec.nodeName).toBe('c');
});

test('two schedulers share the pods and never overcommit a node', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await createNode(name, '2');
  start({ index: 0, count: 2 });
  start({ index: 1, count: 2 });
  await Promise.all(Array.from({ length: 8 }, (_, index) => createPod(`p${index}`, '1')));
  const bound = await podsWhen(({ spec }) => Boolean(spec.nodeName), 8);
  const nodes = bound.map(({ spec }) => spec.nodeName).sort();
  expect(nodes).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd']);
});

test('two schedulers never give a GPU device out twice, and a third that starts later knows who has which', async () => {
  const gpus = (count: number) => ({ 'nvidia.com/gpu': `${count}`, 'gantry.dev/gpu-milli': `${count * 1_000}` });
  for (const name of ['a', 'b']) await running.client.create(nodeNamed(name, { extended: gpus(2) }));
  start({ index: 0, count: 2 });
  start({ index: 1, count: 2 });
  const create = async (name: string): Promise<unknown> => {
    const pod = podNamed(name, { schedulerName: 'gpu', requests: { 'gantry.dev/gpu-milli': '500' } });
    const { requests } = pod.spec.containers[0]!.resources!;
    pod.spec.containers[0]!.resources = { requests, limits: requests };
    return running.client.create(pod);
  };
  await Promise.all(Array.from({ length: 8 }, (_, index) => create(`share${index}`)));
  const bound = await podsWhen(({ spec }) => Boolean(spec.nodeName), 8);
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler[Symbol.asyncDispose]()));
  const devices = bound.map(
    ({ metadata, spec }) => `${spec.nodeName} ${metadata.annotations!['gantry.dev/gpu-devices']}`,
  );
  expect(devices.sort()).toEqual(['a 0', 'a 0', 'a 1', 'a 1', 'b 0', 'b 0', 'b 1', 'b 1']);

  const gone = bound.find(({ metadata }) => metadata.name === 'share0')!;
  await running.client.delete('Pod', { namespace: 'default', name: 'share0' }, { gracePeriodSeconds: 0 });
  start();
  await create('next');
  const [next] = await podsWhen(({ metadata, spec }) => metadata.name === 'next' && Boolean(spec.nodeName), 1);
  expect([next!.spec.nodeName, next!.metadata.annotations]).toEqual([gone.spec.nodeName, gone.metadata.annotations]);
});

test('of two schedulers that give the same room away at the same time one is refused, and tries again elsewhere', async () => {
  for (const name of ['a', 'b', 'c']) await createNode(name, '2');
  const inShard = [0, 0];
  for (let number = 0; Math.min(...inShard) < 6; number++) {
    const { metadata } = await running.client.create(podNamed(`p${number}`, { requests: { cpu: '1' } }));
    const shard = isInShard({ uid: metadata.uid!, namespace: 'default', group: '' }, { index: 1, count: 2 }) ? 1 : 0;
    if (inShard[shard]! < 6) inShard[shard]!++;
    else await running.client.delete('Pod', { namespace: 'default', name: `p${number}` }, { gracePeriodSeconds: 0 });
  }
  // Each has room for all of its pods, as long as it does not hear of the other's.
  const bothDecided = Promise.withResolvers<void>();
  let decided = 0;
  const refused: string[] = [];
  const bind = running.client.bind.bind(running.client);
  vi.spyOn(running.client, 'bind').mockImplementation(async (...call) => {
    if (++decided === 2) bothDecided.resolve();
    await bothDecided.promise;
    const results = await bind(...call);
    refused.push(...results.filter(({ code }) => code !== 0).map(({ reason, message }) => `${reason}: ${message}`));
    return results;
  });
  start({ index: 0, count: 2 });
  start({ index: 1, count: 2 });
  const isBound = ({ spec }: Pod): boolean => Boolean(spec.nodeName);
  expect(countsByNode(await podsWhen(isBound, 6))).toEqual({ a: 2, b: 2, c: 2 });
  await vi.waitFor(() => expect(refused.length).toBeGreaterThanOrEqual(6), { timeout: 20_000 });
  expect(refused.every((text) => text.includes('cpu'))).toBe(true);
  for (const name of ['d', 'e', 'f']) await createNode(name, '2');
  expect(countsByNode(await podsWhen(isBound, 12))).toEqual({ a: 2, b: 2, c: 2, d: 2, e: 2, f: 2 });
});

function countsByNode(pods: readonly Pod[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { spec } of pods) counts[spec.nodeName!] = (counts[spec.nodeName!] ?? 0) + 1;
  return counts;
}
