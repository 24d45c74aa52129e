import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { nodeHealthController, type Silence } from './nodehealth.ts';
import { evictAtMs, taintsFor, tolerates } from './taints.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const since = '2026-01-01T00:59:50Z';
const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: since };
const hearing: Silence = { isSilent: () => false, isTotal: () => false };
const silent: Silence = { isSilent: () => true, isTotal: () => false };

function reconcile(silence: Silence, objects: readonly AnyObject[]): readonly Action[] {
  return nodeHealthController(silence).reconcile('n', fakeView(objects), now);
}

describe('a silent node', () => {
  it('is marked and tainted, and its pods are taken out of their services', () => {
    const actions = reconcile(silent, [aNode('n'), aPod('p', { node: 'n' }), aPod('elsewhere', { node: 'm' })]);
    expect(actions).toMatchObject([
      {
        type: 'updateStatus',
        object: {
          kind: 'Node',
          status: {
            conditions: expect.arrayContaining([
              expect.objectContaining({ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }),
            ]),
          },
        },
      },
      { type: 'event', reason: 'NodeNotReady' },
      {
        type: 'update',
        object: {
          spec: {
            taints: [
              { key: unreachable.key, effect: 'NoSchedule' },
              { key: unreachable.key, effect: 'NoExecute', timeAdded: '2026-01-01T01:00:00Z' },
            ],
          },
        },
      },
      {
        type: 'updateStatus',
        object: {
          kind: 'Pod',
          metadata: { name: 'p' },
          status: { conditions: [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }] },
        },
      },
    ]);
  });

  it('loses its pods once their time of toleration is over', () => {
    const node = aNode('n', { spec: { taints: [unreachable] } });
    const pod = aPod('p', { node: 'n', ready: false });
    pod.spec.tolerations = [{ key: unreachable.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }];
    expect(reconcile(silent, [node, pod])).toContainEqual({ type: 'requeue', afterMs: 20_000 });
    pod.spec.tolerations[0]!.tolerationSeconds = 5;
    const deleted = reconcile(silent, [node, pod]).filter(({ type }) => type === 'delete');
    expect(deleted).toMatchObject([{ object: { metadata: { name: 'p' } } }]);
  });

  it('loses nothing, and keeps its pods in their services, while no node at all is heard', () => {
    const node = aNode('n', { spec: { taints: [unreachable] } });
    const deaf: Silence = { isSilent: () => true, isTotal: () => true };
    const ofPods = reconcile(deaf, [node, aPod('p', { node: 'n' })]).filter(
      (action) => 'object' in action && action.object.kind === 'Pod',
    );
    expect(ofPods).toEqual([]);
  });
});

describe('a node that is heard', () => {
  it('is left alone, and loses taints that no longer hold', () => {
    expect(reconcile(hearing, [aNode('n'), aPod('p', { node: 'n' })])).toEqual([]);
    const users = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
    const back = aNode('n', { spec: { taints: [users, unreachable] } });
    expect(reconcile(hearing, [back])).toMatchObject([{ type: 'update', object: { spec: { taints: [users] } } }]);
  });
});

describe('a node that does not exist', () => {
  it('has its pods removed: nobody else can end them', () => {
    expect(reconcile(hearing, [aPod('p', { node: 'n' })])).toMatchObject([{ type: 'delete', gracePeriodSeconds: 0 }]);
  });
});

describe('taintsFor', () => {
  it('follows the conditions and keeps the time since when', () => {
    const node = aNode('n', { spec: { taints: [unreachable], unschedulable: true } });
    node.status!.conditions = [
      { type: 'Ready', status: 'Unknown' },
      { type: 'DiskPressure', status: 'True' },
    ];
    expect(taintsFor(node, now)).toEqual([
      { key: unreachable.key, effect: 'NoSchedule' },
      unreachable,
      { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ]);
  });
});

describe('tolerations', () => {
  const taint = { key: 'a', value: '1', effect: 'NoExecute', timeAdded: since };

  it.each([
    [{ key: 'a', operator: 'Equal', value: '1' }, true],
    [{ key: 'a', value: '2' }, false],
    [{ key: 'a', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoSchedule' }, false],
    [{ key: 'b', operator: 'Exists' }, false],
    [{}, false],
  ])('%j accepts: %s', (toleration, accepted) => {
    expect(tolerates(toleration, taint)).toBe(accepted);
  });

  it('without any, a pod goes at once; without a time it stays; of several times the shortest counts', () => {
    const pod = aPod('p', { node: 'n' });
    const at = (tolerations: NonNullable<typeof pod.spec.tolerations>) =>
      evictAtMs({ ...pod, spec: { ...pod.spec, tolerations } }, [taint], now);
    expect(at([])).toBe(Date.parse(since));
    expect(at([{ operator: 'Exists' }])).toBeUndefined();
    expect(
      at([
        { operator: 'Exists', tolerationSeconds: 60 },
        { key: 'a', operator: 'Exists', tolerationSeconds: 20 },
      ]),
    ).toBe(Date.parse(since) + 20_000);
    expect(evictAtMs(pod, [{ key: 'a', effect: 'NoSchedule' }], now)).toBeUndefined();
  });
});
