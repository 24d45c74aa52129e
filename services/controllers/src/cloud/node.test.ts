import type { CloudInstance } from '@gantry/model/gen/gantry.cloud.v1.ts';
import type { Node, Taint } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import type { Action, Controller } from '../core/action.ts';
import type { CallAnswer } from '../core/consult.ts';
import { fakeView } from '../testing/fake-view.ts';
import { cloudNodeController } from './node.ts';

const waits: Taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };
const off: Taint = { key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' };

function nodeOf({
  taints = [],
  ready = true,
  providerID,
}: {
  taints?: Taint[];
  ready?: boolean;
  providerID?: string;
}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', uid: 'u1', resourceVersion: '5', labels: { mine: 'x' } },
    spec: { taints, ...(providerID === undefined ? {} : { providerID }) },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
      addresses: [
        { type: 'InternalIP', address: '10.0.0.1' },
        { type: 'Hostname', address: 'n' },
      ],
    },
  };
}

const machine: CloudInstance = {
  state: 'RUNNING',
  providerID: 'cloud://i-1',
  instanceType: 'm5.large',
  zone: 'a',
  region: 'eu',
  labels: { rack: '7' },
  addresses: [
    { type: 'InternalIP', address: '172.16.0.9' },
    { type: 'ExternalIP', address: '203.0.113.7' },
  ],
};

/** The plan for a node whose machine the cloud tells of. */
function planFor(
  node: Node,
  answer: CallAnswer,
  clock = new FakeClock(),
  controller = cloudNodeController(clock),
): readonly Action[] {
  const [ask] = controller.reconcile('n', fakeView([node]), 0);
  const { providerID = '' } = node.spec ?? {};
  expect(ask).toEqual({
    type: 'consult',
    consultation: { id: 'u1', calls: [{ type: 'instance', node: { nodeName: 'n', providerID } }] },
  });
  controller.consulted!('n', { id: 'u1', answers: [answer] });
  return controller.reconcile('n', fakeView([node]), 0);
}

const told = (instance: CloudInstance): CallAnswer => ({ type: 'instance', instance });
const failed: CallAnswer = { type: 'failed', reason: 'Timeout', message: 'late', isInDoubt: true };

describe('a node of a cloud', () => {
  it('gets its addresses, then labels and identifier, and is free for pods', () => {
    const node = nodeOf({ taints: [waits, { key: 'other', effect: 'NoSchedule' }] });
    const [first, rest] = planFor(node, told(machine));
    expect(rest).toEqual({ type: 'requeue', afterMs: 5_000 });
    const addressed = (first as { object: Node }).object;
    expect(first?.type).toBe('updateStatus');
    // The agent's own address stays: it would write it again.
    expect(addressed.status?.addresses).toEqual([
      ...node.status!.addresses!,
      { type: 'ExternalIP', address: '203.0.113.7' },
    ]);
    const [update, event] = planFor(addressed, told(machine));
    expect(update).toMatchObject({
      type: 'update',
      object: {
        metadata: {
          labels: {
            mine: 'x',
            rack: '7',
            'node.kubernetes.io/instance-type': 'm5.large',
            'topology.kubernetes.io/zone': 'a',
            'topology.kubernetes.io/region': 'eu',
          },
        },
        spec: { providerID: 'cloud://i-1', taints: [{ key: 'other', effect: 'NoSchedule' }] },
      },
    });
    expect(event).toMatchObject({ type: 'event', reason: 'Synced', message: 'Node synced successfully' });
    const done = (update as { object: Node }).object;
    expect(planFor(done, told(machine))).toEqual([{ type: 'requeue', afterMs: 300_000 }]);
  });

  it('keeps its taint while nothing is known of its machine, and is asked about again soon', () => {
    const node = nodeOf({ taints: [waits] });
    for (const answer of [failed, told({}), told({ state: 'UNKNOWN' }), told({ state: 'GONE' })]) {
      expect(planFor(node, answer)).toEqual([{ type: 'requeue', afterMs: 5_000 }]);
    }
  });

  it('goes where its machine is gone and it is not ready; never on a doubt, nor while it is ready', () => {
    const lost = nodeOf({ ready: false, providerID: 'cloud://i-1' });
    expect(planFor(lost, told({ state: 'GONE' }))).toEqual([
      {
        type: 'event',
        about: lost,
        eventType: 'Normal',
        reason: 'DeletingNode',
        message: 'Deleting node n because it does not exist in the cloud provider',
      },
      { type: 'delete', object: lost, ifUnchanged: true },
      { type: 'requeue', afterMs: 5_000 },
    ]);
    expect(planFor(lost, failed)).toEqual([{ type: 'requeue', afterMs: 5_000 }]);
    expect(planFor(nodeOf({ providerID: 'cloud://i-1' }), told({ state: 'GONE' }))).toEqual([
      { type: 'requeue', afterMs: 300_000 },
    ]);
  });

  it('takes no pods while its machine is off', () => {
    const lost = nodeOf({ ready: false });
    const [update] = planFor(lost, told({ state: 'SHUTDOWN' }));
    expect(update).toMatchObject({ type: 'update', object: { spec: { taints: [off] } } });
    const back = nodeOf({ taints: [off] });
    expect(planFor(back, told({ state: 'RUNNING' }))[0]).toMatchObject({
      type: 'update',
      object: { spec: { taints: [] } },
    });
  });

  it('is asked about no more often than is needed, and anew where it is another', () => {
    const clock = new FakeClock();
    const controller: Controller = cloudNodeController(clock);
    const node = nodeOf({ providerID: 'cloud://i-1' });
    planFor(node, told({ state: 'RUNNING' }), clock, controller);
    clock.advance(299_000);
    expect(controller.reconcile('n', fakeView([node]), 0)).toEqual([{ type: 'requeue', afterMs: 1_000 }]);
    clock.advance(1_000);
    expect(controller.reconcile('n', fakeView([node]), 0)[0]?.type).toBe('consult');
    const other = { ...node, metadata: { ...node.metadata, uid: 'u2' } };
    expect(controller.reconcile('n', fakeView([other]), 0)[0]?.type).toBe('consult');
    expect(controller.reconcile('n', fakeView([]), 0)).toEqual([]);
  });
});
