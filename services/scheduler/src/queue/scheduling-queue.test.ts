import { expect, test } from 'vitest';
import { World } from '../testing/world.ts';

test('pods that come, wait in vain and go leave nothing behind in the queue', () => {
  const world = new World();
  world.node('full', { cpu: '1' });
  for (let round = 0; round < 2_000; round++) {
    world.pod(`p${round}`, { requests: { cpu: '2' } });
    world.cycle();
    world.scheduler.removePod(`p${round}`);
    world.nowMs += 10;
  }
  expect(world.scheduler.queue.size).toBe(0);
  expect(world.scheduler.queue.heapSize).toBeLessThanOrEqual(130);
});

test('pods that are put off again and again are in the queue once', () => {
  const world = new World();
  world.node('a', { cpu: '1' });
  world.pod('p', { requests: { cpu: '1' } });
  for (let round = 0; round < 2_000; round++) {
    const [placement] = world.cycle().placements;
    if (placement !== undefined) world.scheduler.refused(placement.entry, world.nowMs);
    world.nowMs += 20_000;
  }
  expect(world.scheduler.queue.heapSize).toBeLessThanOrEqual(130);
  expect(world.placements()).toEqual({ p: 'a' });
});
