import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import type { NodeAccount } from '../scheduling/ledger.ts';
import { podResizeStep } from './pod-resize.ts';
import { attemptFor, pass } from './testing.ts';

const pod = (cpu: string, nodeName = 'n'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'a', resources: { requests: { cpu } } }] },
});
const allocatable = new Map([['cpu', 2_000]]);
const step = podResizeStep({
  account: (name) => (name === 'n' ? ({ name, allocatable } as unknown as NodeAccount) : undefined),
});
const request = { subresource: 'resize' };

test('a pod may ask for all that its node can give, and for no more', async () => {
  await expect(pass(step, attemptFor(pod('2'), { stored: pod('1'), request }))).resolves.toBeDefined();
  await expect(pass(step, attemptFor(pod('2001m'), { stored: pod('1'), request }))).rejects.toMatchObject({
    reason: 'Forbidden',
    message:
      'pods "p" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 2001, allocatable: 2000',
    status: { details: { causes: [{ reason: 'NodeCapacity' }] } },
  });
});

test('a pod of a node that is gone is not resized; without a change nothing is asked', async () => {
  const stored = pod('1', 'gone');
  await expect(pass(step, attemptFor(pod('2', 'gone'), { stored, request }))).rejects.toThrow('node "gone" not found');
  await expect(pass(step, attemptFor(pod('1', 'gone'), { stored, request }))).resolves.toBeDefined();
});

test('a pod without a node asks for what it likes', async () => {
  await expect(pass(step, attemptFor(pod('99', ''), { stored: pod('1', ''), request }))).resolves.toBeDefined();
});
