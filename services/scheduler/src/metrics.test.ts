import { createMetrics } from '@gantry/runtime/metrics.ts';
import { expect, test } from 'vitest';
import type { SchedulingCalls } from './binder.ts';
import { createSchedulerMetrics } from './metrics.ts';
import { World } from './testing/world.ts';

const calls: SchedulingCalls = {
  bind: async (bindings) =>
    bindings.map((_, index) => ({ code: index === 0 ? 0 : 10, message: '', reason: '', resourceVersion: 1 })),
  reportUnschedulable: async () => [],
  evict: async () => {},
};

test('queues, attempts by result, cycles and bindings are counted', async () => {
  const world = new World();
  const registry = createMetrics('scheduler');
  const metrics = createSchedulerMetrics(registry, world.scheduler);
  world.node('a', { cpu: '2' });
  for (const name of ['p1', 'p2', 'big']) world.pod(name, { requests: { cpu: name === 'big' ? '4' : '1' } });
  world.pod('held', { schedulingGates: [{ name: 'x' }] });
  const value = async (line: string): Promise<number> => {
    const [name, labels = ''] = line.replace('}', '').split('{');
    const lines = (await registry.metrics()).split('\n');
    const found = lines.find((each) => each.startsWith(`${name}{`) && each.includes(labels));
    return Number(found?.split(' ').at(-1));
  };
  expect(await value('scheduler_pending_pods{queue="active"}')).toBe(3);
  expect(await value('scheduler_pending_pods{queue="gated"}')).toBe(1);

  const result = world.cycle();
  metrics.cycle(result, 0.004);
  const bindings = result.placements.map(({ entry: { pod }, nodeName }) => ({ ...pod, nodeName }));
  const results = await metrics.timed(calls).bind(bindings, 'test');
  for (const { code } of results) if (code !== 0) metrics.refused();
  metrics.moved('evicted');
  metrics.leading(true);

  expect(await value('scheduler_pending_pods{queue="unschedulable"}')).toBe(1);
  expect(await value('scheduler_schedule_attempts_total{result="scheduled"}')).toBe(1);
  expect(await value('scheduler_schedule_attempts_total{result="unschedulable"}')).toBe(1);
  expect(await value('scheduler_schedule_attempts_total{result="error"}')).toBe(1);
  expect(await value('scheduler_scheduling_attempt_duration_seconds_count{result="scheduled"}')).toBe(1);
  expect(await value('scheduler_scheduling_algorithm_duration_seconds_sum')).toBe(0.004);
  expect(await value('gantry_scheduler_cycle_pods_sum')).toBe(3);
  expect(await value('gantry_scheduler_bind_pods_sum')).toBe(2);
  expect(await value('scheduler_binding_duration_seconds_count')).toBe(1);
  expect(await value('scheduler_scheduler_cache_size{type="nodes"}')).toBe(1);
  expect(await value('gantry_scheduler_defrag_moves_total{state="evicted"}')).toBe(1);
  expect(await value('leader_election_master_status')).toBe(1);
});
