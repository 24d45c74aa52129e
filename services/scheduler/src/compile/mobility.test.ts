import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { expect, test } from 'vitest';
import { mobilityOf } from './mobility.ts';

const owner = (kind: string): NonNullable<Pod['metadata']['ownerReferences']>[number] => {
  return { apiVersion: 'apps/v1', kind, name: 'owner', uid: 'o', controller: true };
};

function pod(
  kind: string | undefined,
  { annotations, ...spec }: Partial<Pod['spec']> & { annotations?: Record<string, string> } = {},
): Pod {
  const ownerReferences = kind === undefined ? [] : [owner(kind)];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ownerReferences, ...(annotations && { annotations }) },
    spec: { containers: [{ name: 'c' }], ...spec },
  };
}

const scratch = [{ name: 'scratch', emptyDir: {} }];

test.each([
  ['a replica', pod('ReplicaSet'), 'movable'],
  [
    'a replica with configuration',
    pod('ReplicaSet', { volumes: [{ name: 'c', configMap: { name: 'c' } }] }),
    'movable',
  ],
  ['a pod of a DaemonSet', pod('DaemonSet'), 'onePerNode'],
  ['a static pod', pod('Node'), 'onePerNode'],
  ['a pod that nobody would make anew', pod(undefined), 'bare'],
  ['scratch space', pod('ReplicaSet', { volumes: scratch }), 'localStorage'],
  ['a folder of the node', pod('ReplicaSet', { volumes: [{ name: 'h', hostPath: { path: '/' } }] }), 'localStorage'],
  ['what a node needs', pod('ReplicaSet', { priority: 2_000_001_000 }), 'critical'],
  ['forbidden', pod('ReplicaSet', { annotations: { 'gantry.dev/safe-to-evict': 'false' } }), 'forbidden'],
  [
    'scratch space that may go',
    pod('ReplicaSet', {
      volumes: scratch,
      annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' },
    }),
    'movable',
  ],
] as const)('%s', (_, given, mobility) => {
  expect(mobilityOf(given, '')).toBe(mobility);
});

test('a member of a group stays with the others', () => {
  expect(mobilityOf(pod('Job'), 'training')).toBe('grouped');
});
