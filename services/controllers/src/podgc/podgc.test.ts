import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { FakeClock } from '@gantry/runtime/clock.ts';
import { describe, expect, it } from 'vitest';
import { type AnyObject, waitForView } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aNode, aPod } from '../testing/objects.ts';
import { podGarbageController } from './podgc.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const deletionTimestamp = '2026-01-01T00:59:00Z';

function setUp(threshold = 0) {
  const clock = new FakeClock();
  const controller = podGarbageController(clock, threshold);
  const reconcile = (key: string, objects: readonly AnyObject[], revision?: number) =>
    controller.reconcile(key, fakeView(objects, revision), now);
  return { clock, controller, reconcile };
}

function ending(pod: Pod, deletionGracePeriodSeconds = 30): Pod {
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } };
}

describe('pods of a node that the informer does not know', () => {
  const pod = aPod('p', { node: 'n' });

  it('stay for 40 s, and then until the api says that there is none; then they have failed', () => {
    const { clock, reconcile } = setUp();
    expect(reconcile('n', [pod])).toEqual([{ type: 'requeue', afterMs: 40_000 }]);
    clock.advance(39_999);
    expect(reconcile('n', [pod])).toEqual([{ type: 'requeue', afterMs: 1 }]);
    clock.advance(1);
    const requires = [{ type: 'absent', ref: { kind: 'Node', name: 'n' } }];
    const target = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' };
    expect(reconcile('n', [pod])).toMatchObject([
      {
        type: 'updateStatus',
        requires,
        object: {
          status: { phase: 'Failed', conditions: [{}, { ...target, message: 'PodGC: node no longer exists' }] },
        },
      },
      { type: 'delete', gracePeriodSeconds: 0, requires },
    ]);
  });

  it('begin their quarantine anew when the node was known in between', () => {
    const { clock, reconcile } = setUp();
    reconcile('n', [pod]);
    clock.advance(30_000);
    reconcile('n', [aNode('n'), pod]);
    expect(reconcile('n', [pod])).toEqual([{ type: 'requeue', afterMs: 40_000 }]);
  });

  it('stay where they are newer than the view of nodes', () => {
    const { clock, reconcile } = setUp();
    reconcile('n', [pod], 0);
    clock.advance(40_000);
    expect(reconcile('n', [pod], 0)).toEqual([waitForView]);
  });

  it('keep how they have ended', () => {
    const { clock, reconcile } = setUp();
    const done: Pod = { ...pod, status: { ...pod.status, phase: 'Succeeded' } };
    reconcile('n', [done]);
    clock.advance(40_000);
    expect(reconcile('n', [done]).map(({ type }) => type)).toEqual(['delete']);
  });
});

describe('a node that is out of service', () => {
  const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
  const node = (ready: boolean, taints = [taint]): Node => {
    const plain = aNode('n', { spec: { taints } });
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }];
    return { ...plain, status: { ...plain.status, conditions } };
  };
  const [going, staying] = [ending(aPod('going', { node: 'n' })), aPod('staying', { node: 'n' })];

  it('loses pods that are to end, as long as it is as it was seen', () => {
    const off = node(false);
    const plan = setUp().reconcile('n', [off, going, staying]);
    expect(plan).toMatchObject([
      { type: 'updateStatus', object: { metadata: { name: 'going' }, status: { phase: 'Failed' } } },
      { type: 'delete', object: { metadata: { name: 'going' } }, gracePeriodSeconds: 0 },
    ]);
    for (const action of plan) {
      expect(action).toHaveProperty('requires', [
        {
          type: 'unchanged',
          ref: { kind: 'Node', namespace: undefined, name: 'n', uid: off.metadata.uid },
          resourceVersion: off.metadata.resourceVersion,
        },
      ]);
    }
  });

  it.each([
    ['is ready', node(true)],
    ['is merely silent', node(false, [])],
  ])('loses none where it %s', (_, given) => {
    expect(setUp().reconcile('n', [given, going, staying])).toEqual([]);
  });

  it('has a pod fail that a finalizer holds, and is done with it', () => {
    const held = ending(aPod('held', { node: 'n' }), 0);
    expect(
      setUp()
        .reconcile('n', [node(false), held])
        .map(({ type }) => type),
    ).toEqual(['updateStatus']);
    const failed: Pod = { ...held, status: { ...held.status, phase: 'Failed' } };
    expect(setUp().reconcile('n', [node(false), failed])).toEqual([]);
  });
});

describe('a pod that is to end before it had a node', () => {
  it('fails and goes, unless it changes meanwhile', () => {
    const { controller, reconcile } = setUp();
    const pod = ending(aPod('p'));
    expect(controller.keysFor(pod, fakeView([]))).toEqual(['default/p']);
    expect(reconcile('default/p', [pod])).toMatchObject([
      { type: 'updateStatus', object: { status: { phase: 'Failed' } } },
      { type: 'delete', gracePeriodSeconds: 0, ifUnchanged: true },
    ]);
    expect(reconcile('default/p', [aPod('p')])).toEqual([]);
    expect(reconcile('default/p', [ending(aPod('p', { node: 'n' }))])).toEqual([]);
  });
});

describe('pods that have ended', () => {
  const ended = (name: string, creationTimestamp: string, status: Pod['status'] = {}): Pod => {
    const pod = aPod(name, { node: 'n' });
    return { ...pod, metadata: { ...pod.metadata, creationTimestamp }, status: { phase: 'Succeeded', ...status } };
  };
  const pods = [
    ended('young', '2026-01-01T00:03:00Z'),
    ended('old', '2026-01-01T00:01:00Z'),
    ended('evicted', '2026-01-01T00:04:00Z', { phase: 'Failed', reason: 'Evicted' }),
    ended('middle', '2026-01-01T00:02:00Z', { phase: 'Failed' }),
    aPod('running', { node: 'n' }),
  ];

  it('go beyond the threshold: evicted ones first, then the oldest, at one look each twenty seconds', () => {
    const { clock, controller, reconcile } = setUp(2);
    const [key] = controller.keysFor(pods[0]!, fakeView([])).filter((each) => each !== 'n');
    const plan = reconcile(key!, pods);
    expect(plan).toMatchObject([
      { type: 'delete', object: { metadata: { name: 'evicted' } } },
      { type: 'delete', object: { metadata: { name: 'old' } } },
    ]);
    clock.advance(5_000);
    expect(reconcile(key!, pods)).toEqual([{ type: 'requeue', afterMs: 15_000 }]);
    clock.advance(15_000);
    expect(reconcile(key!, pods.slice(0, 2))).toEqual([]);
  });

  it('all stay where the threshold is 0', () => {
    expect(setUp(0).controller.keysFor(pods[0]!, fakeView([]))).toEqual(['n']);
  });
});
