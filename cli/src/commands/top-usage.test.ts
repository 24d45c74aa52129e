import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { formatNodes, formatPods } from './top-usage.ts';

const measured = { timestampMs: 1, windowMs: 10_000 };
const container = (name: string, cpuNanocores: number, mi: number) => {
  return { name, cpuNanocores, memoryWorkingSetBytes: mi * 2 ** 20 };
};
const pods = [
  { namespace: 'a', name: 'web', ...measured, containers: [container('main', 1_000_001, 64), container('side', 0, 1)] },
  { namespace: 'b', name: 'db', ...measured, containers: [container('main', 250_000_000, 8)] },
];

const lines = (text: string): string[] => text.trimEnd().split('\n');

test('a line has the usage of a pod', () => {
  expect(lines(formatPods(pods, { allNamespaces: false, containers: false }))).toEqual([
    'NAME   CPU(cores)   MEMORY(bytes)',
    'web    2m           65Mi',
    'db     250m         8Mi',
  ]);
});

test('a line has the usage of a container, the largest first', () => {
  expect(lines(formatPods(pods, { allNamespaces: true, containers: true, sortBy: 'cpu' }))).toEqual([
    'NAMESPACE   POD   NAME   CPU(cores)   MEMORY(bytes)',
    'b           db    main   250m         8Mi',
    'a           web   main   2m           64Mi',
    'a           web   side   0m           1Mi',
  ]);
  expect(lines(formatPods(pods, { allNamespaces: false, containers: false, sortBy: 'memory' }))[1]).toMatch(/^web/);
});

test('a line has the part of a node that is in use, or that nobody knows it', () => {
  const node = (name: string): Node => {
    const status = { allocatable: { cpu: '2', memory: '1Gi' } };
    return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status } as Node;
  };
  const one = { ...measured, ...container('node-1', 500_000_000, 256) };
  expect(lines(formatNodes([one], [node('node-1'), node('node-0')]))).toEqual([
    'NAME     CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)',
    'node-1   500m         25%         256Mi           25%',
    'node-0   <unknown>    <unknown>   <unknown>       <unknown>',
  ]);
});
