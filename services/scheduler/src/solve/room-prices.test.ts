import { describe, expect, test } from 'vitest';
import { World } from '../testing/world.ts';

const gpuNode = { cpu: '64', extended: { 'nvidia.com/gpu': '8', 'gantry.dev/gpu-milli': '8000' } };
const gpuPod = (milli: number) => ({ requests: { 'gantry.dev/gpu-milli': `${milli}` }, schedulerName: 'gpu' });

/** The version of the prices after one more pod was decided about. */
function versionAfter(world: World, name: string, fields: Parameters<World['pod']>[1]): number {
  world.pod(name, fields);
  world.cycle();
  return world.scheduler.solver.prices.version;
}

describe('prices of room', () => {
  test('stay as they are without GPU pods', () => {
    const world = new World();
    world.node('a');
    const plain = { requests: { cpu: '100m' }, schedulerName: 'gpu' };
    const first = versionAfter(world, 'p1', plain);
    expect(versionAfter(world, 'p2', plain)).toBe(first);
  });

  test('are made anew when more pods have come, devices changed hands, or nodes changed', () => {
    const world = new World();
    for (let node = 0; node < 100; node++) world.node(`n${node}`, gpuNode);
    for (let pod = 0; pod < 100; pod++) world.pod(`seen${pod}`, gpuPod(1));
    world.cycle();
    const first = versionAfter(world, 'settle', gpuPod(1));
    expect(versionAfter(world, 'small', gpuPod(1))).toBe(first);
    world.pod('large', { requests: { 'nvidia.com/gpu': '8' }, schedulerName: 'gpu' });
    world.cycle();
    const afterTurnover = versionAfter(world, 'p1', gpuPod(1));
    expect(afterTurnover).toBeGreaterThan(first);
    world.node('n0', { ...gpuNode, unschedulable: true });
    const afterCordon = versionAfter(world, 'p2', gpuPod(1));
    expect(afterCordon).toBeGreaterThan(afterTurnover);
    for (let pod = 0; pod < 20; pod++) world.pod(`more${pod}`, gpuPod(1));
    expect(versionAfter(world, 'p3', gpuPod(1))).toBeGreaterThan(afterCordon);
  });

  test('are highest where little room is left for what often comes', () => {
    const world = new World();
    for (const name of ['a', 'b', 'c', 'd']) {
      world.node(name, { ...gpuNode, labels: { model: name === 'a' ? 'rare' : 'common' } });
    }
    for (const model of ['rare', 'common']) {
      for (let pod = 0; pod < 3; pod++) world.pod(`${model}${pod}`, { ...gpuPod(1_000), nodeSelector: { model } });
    }
    world.cycle();
    world.scheduler.solver.prices.refresh();
    const worths = world.scheduler.solver.prices.kinds.map(({ worth }) => worth);
    expect(worths).toHaveLength(2);
    expect(worths[0]!).toBeGreaterThan(worths[1]!);
  });
});
