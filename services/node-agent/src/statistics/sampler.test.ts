import { FakeClock } from '@gantry/runtime/clock.ts';
import { silentLogger } from '@gantry/runtime/log.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerStats, NodeStats } from '../runtime/runtime.ts';
import { Sampler } from './sampler.ts';

const machine: NodeStats = {
  ...{ atMs: 0, cpuCount: 4, cpuUsageNs: 0, memoryTotalBytes: 100, memoryAvailableBytes: 40 },
  ...{ fsTotalBytes: 0, fsAvailableBytes: 0 },
};
const container = (containerId: string, cpuUsageNs: number, memoryWorkingSetBytes = 10): ContainerStats => ({
  ...{ containerId, sandboxId: 's', atMs: 0, cpuUsageNs, memoryWorkingSetBytes, rootfsUsedBytes: 0 },
});

let clock: FakeClock;
let read: { containers: () => ContainerStats[]; cpuUsageNs: number };
let sampler: Sampler;

beforeEach(() => {
  clock = new FakeClock();
  read = { containers: () => [], cpuUsageNs: 0 };
  const stats = {
    containers: async () => read.containers(),
    node: async () => ({ ...machine, cpuUsageNs: read.cpuUsageNs }),
  };
  sampler = new Sampler({ stats, clock, log: silentLogger });
});
afterEach(() => sampler[Symbol.asyncDispose]());

/** Reads after `ms` milliseconds. */
async function later(ms: number, ...containers: ContainerStats[]): Promise<void> {
  clock.advance(ms);
  read.containers = () => containers;
  await sampler.sample();
}

const rateOf = (id: string) => sampler.latest.containers.get(id)?.rate;

test('a container has a rate from its second reading on', async () => {
  await later(10_000, container('a', 1e9));
  expect(rateOf('a')).toBeUndefined();
  await later(10_000, container('a', 3e9), container('b', 5e9));
  expect(rateOf('a')).toEqual({ cpuNanocores: 200_000_000, windowMs: 10_000 });
  expect(rateOf('b')).toBeUndefined();
});

test('a counter that goes back, or leaps, gives no rate until the next two make sense', async () => {
  await later(10_000, container('a', 50e9));
  await later(10_000, container('a', 1e9));
  expect(rateOf('a')).toBeUndefined();
  await later(10_000, container('a', 2e9));
  expect(rateOf('a')).toMatchObject({ cpuNanocores: 100_000_000 });
  await later(10_000, container('a', 2e15));
  expect(rateOf('a')).toBeUndefined();
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('a figure of %s is no reading', async (figure) => {
  await later(10_000, container('a', 1e9), container('b', 1e9));
  await later(10_000, container('a', 2e9, figure), container('b', 2e9));
  expect(sampler.latest.containers.has('a')).toBe(false);
  expect(rateOf('b')).toMatchObject({ cpuNanocores: 100_000_000 });
});

test('a step of the wall clock changes no rate', async () => {
  await later(10_000, container('a', 0));
  clock.stepWall(-3_600_000);
  await later(10_000, container('a', 10e9));
  expect(rateOf('a')).toEqual({ cpuNanocores: 1_000_000_000, windowMs: 10_000 });
});

test('a runtime that fails leaves nothing behind that is old', async () => {
  await later(10_000, container('a', 0));
  await later(10_000, container('a', 1e9));
  read.containers = () => {
    throw new Error('the runtime is away');
  };
  clock.advance(10_000);
  await sampler.sample();
  expect(sampler.latest.containers.size).toBe(0);
  expect(sampler.latest.node?.rate).toEqual({ cpuNanocores: 0, windowMs: 10_000 });
});

test('a runtime that is slow gives no rate', async () => {
  await later(10_000, container('a', 0));
  read.containers = () => {
    clock.advance(2_001);
    return [container('a', 1e9)];
  };
  clock.advance(10_000);
  await sampler.sample();
  expect(sampler.latest.containers.size).toBe(0);
});
