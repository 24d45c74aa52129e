import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, AnyObject } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { NodeMonitor } from './monitor.ts';
import { nodeHealthController } from './nodehealth.ts';
import { taintsFor } from './taints.ts';
import { defaultEvictionSettings } from './zones.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const since = '2026-01-01T00:59:50Z';
const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: since };
const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', timeAdded: since };
const neighbour = aNode('m');

/** The controller on a cluster of these objects, a neighbour beside them; `heard` names the nodes that are heard. */
function controllerOn(objects: readonly AnyObject[], heard: readonly string[]) {
  const monitor = new NodeMonitor({ confirmMs: 0, recoveryMs: 0 }, defaultEvictionSettings);
  const clock = new FakeClock();
  const controller = nodeHealthController(monitor, clock);
  const all = [...objects, neighbour];
  const nodes = [...fakeView(all).list('Node')];
  monitor.observe(nodes, { names: new Set(heard), revision: 1_000 }, clock.monotonic());
  const reconcile = (name = 'n'): readonly Action[] => controller.reconcile(name, fakeView(all), now);
  return { reconcile, monitor, clock };
}

describe('a lost node', () => {
  it('is marked and tainted, and its pods are taken out of their services', () => {
    const { reconcile } = controllerOn([aNode('n'), aPod('p', { node: 'n' }), aPod('elsewhere', { node: 'm' })], ['m']);
    expect(reconcile()).toMatchObject([
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

  it('keeps a pod in its services that reported after the heartbeats were listed', () => {
    const pod = aPod('p', { node: 'n' });
    const reported = { ...pod, metadata: { ...pod.metadata, resourceVersion: '1001' } };
    const { reconcile } = controllerOn([aNode('n'), reported], ['m']);
    expect(reconcile().filter((action) => 'object' in action && action.object.kind === 'Pod')).toEqual([]);
  });

  it('loses its pods once their time of toleration is over', () => {
    const pod = aPod('p', { node: 'n', ready: false });
    pod.spec.tolerations = [{ key: unreachable.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }];
    const { reconcile, clock } = controllerOn([aNode('n', { spec: { taints: [unreachable] } }), pod], ['m']);
    expect(reconcile()).toContainEqual({ type: 'requeue', afterMs: 30_000 });
    clock.advance(29_999);
    expect(reconcile()).toContainEqual({ type: 'requeue', afterMs: 1 });
    clock.advance(1);
    const deleted = reconcile().filter(({ type }) => type === 'delete');
    expect(deleted).toMatchObject([{ object: { metadata: { name: 'p' } } }]);
  });

  it('loses nothing, and keeps its pods in their services, while no node at all is heard', () => {
    const { reconcile } = controllerOn([aNode('n', { spec: { taints: [unreachable] } }), aPod('p', { node: 'n' })], []);
    const ofPods = reconcile().filter((action) => 'object' in action && action.object.kind === 'Pod');
    expect(ofPods).toEqual([]);
  });
});

describe('a node that is heard', () => {
  it('is left alone, and loses taints that no longer hold', () => {
    const alone = controllerOn([aNode('n'), aPod('p', { node: 'n' })], ['n', 'm']);
    expect(alone.reconcile()).toEqual([]);
    const users = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
    const back = controllerOn([aNode('n', { spec: { taints: [users, unreachable] } })], ['n', 'm']);
    expect(back.reconcile()).toMatchObject([{ type: 'update', object: { spec: { taints: [users] } } }]);
  });

  it('evicts nobody by the taint of its loss, though its status was not reported yet', () => {
    const node = aNode('n', { spec: { taints: [unreachable] } });
    node.status!.conditions = [{ type: 'Ready', status: 'Unknown' }];
    const { reconcile, clock } = controllerOn([node, aPod('p', { node: 'n' })], ['n', 'm']);
    reconcile();
    clock.advance(3_600_000);
    expect(reconcile().filter(({ type }) => type !== 'update')).toEqual([]);
  });

  it('evicts pods that do not tolerate what it says of itself', () => {
    const node = aNode('n', { spec: { taints: [notReady] } });
    node.status!.conditions = [{ type: 'Ready', status: 'False' }];
    const { reconcile } = controllerOn([node, aPod('p', { node: 'n' })], ['n', 'm']);
    expect(reconcile()).toMatchObject([
      { type: 'update' },
      {
        type: 'updateStatus',
        object: {
          status: {
            conditions: expect.arrayContaining([
              expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }),
            ]),
          },
        },
      },
      { type: 'event', reason: 'TaintManagerEviction', message: 'Marking for deletion Pod default/p' },
      { type: 'delete', object: { metadata: { name: 'p' } } },
    ]);
  });

  it('tells that a pod stays whose taint went before its time', () => {
    const taint = { key: 'example.com/drain', effect: 'NoExecute' };
    const pod = aPod('p', { node: 'n' });
    pod.spec.tolerations = [{ operator: 'Exists', tolerationSeconds: 60 }];
    const tainted = aNode('n', { spec: { taints: [taint] } });
    const { monitor, clock } = controllerOn([tainted], ['n', 'm']);
    const controller = nodeHealthController(monitor, clock);
    expect(controller.reconcile('n', fakeView([tainted, pod]), now)).toEqual([{ type: 'requeue', afterMs: 60_000 }]);
    const message = 'Cancelling deletion of Pod default/p';
    const plain = fakeView([aNode('n'), pod]);
    expect(controller.reconcile('n', plain, now)).toMatchObject([
      { type: 'event', reason: 'TaintManagerEviction', message },
    ]);
    expect(controller.reconcile('n', plain, now)).toEqual([]);
  });

  it('evicts pods at once where an administrator declares it out of service', () => {
    const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
    const { reconcile } = controllerOn(
      [aNode('n', { spec: { taints: [taint] } }), aPod('p', { node: 'n' })],
      ['n', 'm'],
    );
    expect(reconcile().map(({ type }) => type)).toEqual(['updateStatus', 'event', 'delete']);
  });
});

describe('taintsFor', () => {
  const node = aNode('n', { spec: { taints: [unreachable], unschedulable: true } });
  node.status!.conditions = [
    { type: 'Ready', status: 'Unknown' },
    { type: 'DiskPressure', status: 'True' },
  ];

  it('follows the conditions and keeps the time since when', () => {
    expect(taintsFor(node, true, now)).toEqual([
      { key: unreachable.key, effect: 'NoSchedule' },
      unreachable,
      { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ]);
  });

  it('evicts nobody without a permit', () => {
    expect(taintsFor(node, false, now).map(({ effect }) => effect)).not.toContain('NoExecute');
  });
});
