import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { takesPods } from './takes-pods.ts';

const node = (ready: string, taints: string[]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-1' },
  spec: { taints: taints.map((key) => ({ key, effect: 'NoSchedule' })) },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

test('a node takes pods once it is ready and the controllers have taken their taints away', () => {
  expect(takesPods(node('False', []))).toBe(false);
  expect(takesPods(node('True', ['node.kubernetes.io/not-ready']))).toBe(false);
  expect(takesPods(node('True', ['node.kubernetes.io/unreachable']))).toBe(false);
  expect(takesPods(node('True', []))).toBe(true);
});

test("a node with an operator's taints or a cordon is as its operator wants it", () => {
  expect(takesPods(node('True', ['example.com/gpu', 'node.kubernetes.io/unschedulable']))).toBe(true);
});
