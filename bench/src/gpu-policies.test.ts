import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bestFit, firstFit, gantry } from './gpu-policies.ts';
import { type GpuPod, gpusOf, inflated, podLists, published, readNodes, readPods } from './openb.ts';

// A made-up sample in the form of the trace.
const folder = join(import.meta.dirname, '../fixtures/openb');
const nodes = readNodes(folder);
const capacity = nodes.reduce((sum, { gpus }) => sum + gpus, 0);

test('reads the trace', () => {
  expect(podLists(folder)).toEqual(['sample']);
  expect(nodes).toHaveLength(14);
  expect(nodes[0]).toEqual({ name: 'n0', cpuMilli: 96_000, memoryMib: 393_216, gpus: 8, model: 'G2' });
  const pods = readPods(folder, 'sample');
  expect(pods.some(({ models }) => models.join() === 'P100,T4')).toBe(true);
  expect(pods.filter(({ gpus }) => gpus === 0).every((pod) => gpusOf(pod) === 0)).toBe(true);
  expect(published(folder, 'sample')).toEqual([
    { policy: 'Random', at: { 80: 50, 90: 50, 95: 50, 100: 50, 110: 50, 120: 50, 130: 50 } },
  ]);
});

test('pods are drawn up to the demand, the same for the same seed', () => {
  const pods = readPods(folder, 'sample');
  const all = inflated(pods, capacity, 1);
  const demand = all.reduce((sum, pod) => sum + gpusOf(pod), 0);
  expect(demand).toBeGreaterThanOrEqual(1.3 * capacity);
  expect(demand - gpusOf(all.at(-1)!)).toBeLessThan(1.3 * capacity + 8);
  expect(inflated(pods, capacity, 1)).toEqual(all);
  expect(inflated(pods, capacity, 2)).not.toEqual(all);
});

describe.each(Object.entries({ gantry: gantry(), firstFit, bestFit }))('%s', (_, policy) => {
  const whole = (gpus: number, models: string[] = []): GpuPod => ({
    cpuMilli: 1_000,
    memoryMib: 1_024,
    gpus,
    milliEach: 1_000,
    models,
  });

  test('gives out what there is and not more', () => {
    const place = policy(nodes, 1);
    expect(place(whole(8, ['T4']))).toBe(false);
    for (let pod = 0; pod < 5; pod++) expect(place(whole(8))).toBe(true);
    expect(place(whole(8))).toBe(false);
    for (let pod = 0; pod < 18; pod++) expect(place({ ...whole(1), milliEach: 600 })).toBe(true);
    expect(place({ ...whole(1), milliEach: 600 })).toBe(false);
    for (let pod = 0; pod < 18; pod++) expect(place({ ...whole(1), milliEach: 400 })).toBe(true);
    expect(place({ ...whole(1), milliEach: 1 })).toBe(false);
    expect(place({ ...whole(0), milliEach: 0 })).toBe(true);
  });
});
