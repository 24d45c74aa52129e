import type { ContainerStats } from '@gantry/client/pod-messages.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, test } from 'vitest';
import { nodeMetricsOf, podMetricsOf } from './usage.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'web', uid: 'u' },
  spec: { containers: [] },
} as Pod;
const stats = (container: string, figures: Partial<ContainerStats> = {}): ContainerStats => ({
  ...{
    namespace: 'default',
    pod: 'web',
    podUid: 'u',
    container,
    nodeName: 'n',
    cpuUsageNanoseconds: 1,
    timestampMs: 9_000,
  },
  ...{ memoryWorkingSetBytes: 1_024, cpuNanocores: 5_000_000, windowMs: 10_000, ...figures },
});

describe('usage of a pod', () => {
  test('is that of its containers, at the time of the one that was measured first', () => {
    const measured = podMetricsOf(pod, [stats('side', { timestampMs: 8_000, windowMs: 9_000 }), stats('main')]);
    expect(measured).toEqual({
      ...{ namespace: 'default', name: 'web', timestampMs: 8_000, windowMs: 9_000 },
      containers: [
        { name: 'main', cpuNanocores: 5_000_000, memoryWorkingSetBytes: 1_024 },
        { name: 'side', cpuNanocores: 5_000_000, memoryWorkingSetBytes: 1_024 },
      ],
    });
  });

  test.each<[string, ContainerStats[]]>([
    ['no container runs', []],
    ['one has no two samples', [stats('main'), stats('side', { windowMs: 0, cpuNanocores: 0 })]],
    ['one is no number', [stats('main', { cpuNanocores: Number.NaN })]],
    ['one is below zero', [stats('main', { memoryWorkingSetBytes: -1 })]],
    ['one is beyond all numbers', [stats('main', { cpuNanocores: 2 ** 60 })]],
    ['the time is none', [stats('main', { timestampMs: 0 })]],
  ])('is missing where %s', (_, containers) => {
    expect(podMetricsOf(pod, containers)).toBeUndefined();
  });
});

test('usage of a node is missing where its agent is silent, new, or talks nonsense', () => {
  const node = { cpuNanocores: 1, memoryWorkingSetBytes: 2, timestampMs: 3, windowMs: 4 };
  expect(nodeMetricsOf('n', { containers: [], node })).toEqual({ name: 'n', ...node });
  expect(nodeMetricsOf('n', undefined)).toBeUndefined();
  expect(nodeMetricsOf('n', { containers: [], node: null })).toBeUndefined();
  expect(nodeMetricsOf('n', { containers: [], node: { ...node, cpuNanocores: Number.NaN } })).toBeUndefined();
});
