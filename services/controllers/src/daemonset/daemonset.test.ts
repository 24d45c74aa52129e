import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { describe, expect, it } from 'vitest';
import type { Action } from '../core/action.ts';
import { fakeView } from '../testing/fake-view.ts';
import { aDaemonSet, aNode } from '../testing/objects.ts';
import { daemonSetController } from './daemonset.ts';
import { World } from './testing/world.ts';

const ofType = <T extends Action['type']>(actions: readonly Action[], type: T): Extract<Action, { type: T }>[] =>
  actions.filter((action): action is Extract<Action, { type: T }> => action.type === type);
const editPod = (world: World, index: number, edit: (pod: Pod) => void): void => {
  const pod = structuredClone(world.pods[index]!);
  edit(pod);
  world.put(pod);
};

describe('a daemon set', () => {
  it('writes down its template first, and then gets a pod for each node that is bound to it', () => {
    const world = new World(aDaemonSet(), 2);
    expect(world.plan()).toMatchObject([{ type: 'create', object: { kind: 'ControllerRevision', revision: 1 } }]);
    expect(world.sync()).toEqual([2, 0]);
    const [revision] = [...world.objects.values()].filter(({ kind }) => kind === 'ControllerRevision');
    const hash = revision!.metadata.labels!['controller-revision-hash'];
    expect(revision!.metadata.name).toBe(`agent-${hash}`);
    expect(world.pods[1]).toMatchObject({
      metadata: {
        generateName: 'agent-',
        labels: { app: 'agent', 'controller-revision-hash': hash, 'pod-template-generation': '1' },
        ownerReferences: [{ kind: 'DaemonSet', name: 'agent', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
            },
          },
        },
      },
    });
  });

  it('gives its pods the tolerations of daemons, each once', () => {
    const world = new World(
      aDaemonSet(undefined, {
        hostNetwork: true,
        tolerations: [
          { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
          { key: 'own', operator: 'Exists' },
        ],
      }),
      1,
    );
    world.sync();
    const tolerations = world.pods[0]!.spec.tolerations!.map(({ key, effect, tolerationSeconds }) => [
      key,
      effect,
      tolerationSeconds,
    ]);
    const node = (name: string) => `node.kubernetes.io/${name}`;
    expect(tolerations).toEqual([
      [node('not-ready'), 'NoExecute', undefined],
      ['own', undefined, undefined],
      [node('unreachable'), 'NoExecute', undefined],
      [node('disk-pressure'), 'NoSchedule', undefined],
      [node('memory-pressure'), 'NoSchedule', undefined],
      [node('pid-pressure'), 'NoSchedule', undefined],
      [node('unschedulable'), 'NoSchedule', undefined],
      [node('network-unavailable'), 'NoSchedule', undefined],
    ]);
  });

  it('keeps other parts of an affinity, and gives up its required terms for nodes alone', () => {
    const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }];
    const required = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] }] };
    const nodeAffinity = {
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
      requiredDuringSchedulingIgnoredDuringExecution: required,
    };
    const world = new World(aDaemonSet(undefined, { affinity: { nodeAffinity, podAntiAffinity: {} } }), 1);
    world.sync();
    expect(world.pods[0]!.spec.affinity).toEqual({
      podAntiAffinity: {},
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: preferred,
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n0'] }] }],
        },
      },
    });
  });

  it('counts nodes in its status', () => {
    const tainted = { ...aNode('tainted'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } };
    const world = new World(aDaemonSet(), [aNode('a'), aNode('b'), aNode('tainted')]);
    world.sync();
    world.markReady(undefined, ({ metadata }) => metadata.name !== world.pods[1]!.metadata.name);
    world.put(tainted);
    world.sync();
    expect(world.set.status).toEqual({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberMisscheduled: 1,
      numberReady: 1,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberUnavailable: 1,
      observedGeneration: 1,
    });
    expect(world.plan()).toEqual([]);
  });

  it('makes 250 pods at most at a time', () => {
    const world = new World(aDaemonSet(), 600);
    expect([world.sync(), world.sync(), world.sync(), world.sync()]).toEqual([
      [250, 0],
      [250, 0],
      [100, 0],
      [0, 0],
    ]);
  });

  it('takes its pods from nodes that do not fit any more, and waits for those on their way out', () => {
    const world = new World(aDaemonSet(), 2);
    world.sync();
    world.put({ ...aNode('n0'), spec: { taints: [{ key: 'a', effect: 'NoExecute' }] } });
    editPod(world, 1, ({ metadata }) => {
      metadata.deletionTimestamp = '2026-01-01T00:59:00Z';
    });
    expect(world.sync()).toEqual([0, 1]);
    expect(world.sync()).toEqual([0, 0]);
    world.objects.delete(`Pod/${world.pods[0]!.metadata.name}`);
    expect(world.sync()).toEqual([1, 0]);
  });

  it('deletes pods that were made for a node that is gone, if the view of nodes is new enough', () => {
    const world = new World(aDaemonSet(), 2);
    world.sync();
    editPod(world, 0, ({ spec }) => {
      spec.nodeName = 'n0';
    });
    world.objects.delete('Node/n0');
    world.objects.delete('Node/n1');
    const controller = daemonSetController(world.clock);
    const late = fakeView([...world.objects.values()], 0);
    expect(controller.reconcile('default/agent', late, world.clock.now())).toContainEqual({
      type: 'requeue',
      afterMs: 500,
    });
    expect(ofType(world.plan(), 'delete')).toMatchObject([
      { object: { metadata: { name: world.pods[1]!.metadata.name } } },
    ]);
  });

  it('keeps no pod that waits for a node which takes no new ones, and others that run there', () => {
    const world = new World(aDaemonSet(), 2);
    world.sync();
    editPod(world, 0, ({ spec }) => {
      spec.nodeName = 'n0';
    });
    for (const name of ['n0', 'n1'])
      world.put({ ...aNode(name), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } });
    expect(ofType(world.plan(), 'delete').map(({ object }) => object.metadata.name)).toEqual([
      world.pods[1]!.metadata.name,
    ]);
  });

  it('replaces pods that ended, ever more slowly on a node whose pods fail', () => {
    const world = new World(aDaemonSet(), 1);
    world.sync();
    const fail = (phase: string) =>
      editPod(world, 0, (pod) => {
        pod.status = { phase };
      });
    fail('Failed');
    expect(world.plan()).toContainEqual(
      expect.objectContaining({
        eventType: 'Warning',
        reason: 'FailedDaemonPod',
        message: 'Found failed daemon pod default/agent-2 on node n0, will try to kill it',
      }),
    );
    // It was replaced a moment ago.
    expect(world.plan()).toContainEqual({ type: 'requeue', afterMs: 1_000 });
    expect(world.sync()).toEqual([0, 0]);
    for (const waitMs of [1_000, 2_000, 4_000]) {
      world.clock.advance(waitMs - 1);
      expect(world.sync()).toEqual([0, 0]);
      world.clock.advance(1);
      expect(world.sync()).toEqual([0, 1]);
      expect(world.sync()).toEqual([1, 0]);
      fail('Failed');
    }
    fail('Succeeded');
    expect(ofType(world.plan(), 'event')).toMatchObject([{ eventType: 'Normal', reason: 'SucceededDaemonPod' }]);
  });

  it('deletes all but the oldest of several pods on a node, one that has its node first', () => {
    const world = new World(aDaemonSet(), 1);
    world.sync();
    const [pod] = world.pods;
    const twin = (name: string, bound: boolean): void => {
      const made = structuredClone(pod!);
      Object.assign(made.metadata, { name, uid: name, creationTimestamp: '2026-01-02T00:00:00Z' });
      if (bound) made.spec.nodeName = 'n0';
      world.put(made);
    };
    twin('unbound', false);
    twin('bound', true);
    expect(ofType(world.plan(), 'delete').map(({ object }) => object.metadata.name)).toEqual([
      pod!.metadata.name,
      'unbound',
    ]);
  });

  it('adopts orphans that it selects, lets go of pods that it does not, and touches nothing while it is being deleted', () => {
    const world = new World(aDaemonSet(), 2);
    world.sync();
    editPod(world, 0, ({ metadata }) => {
      delete metadata.ownerReferences;
    });
    editPod(world, 1, ({ metadata }) => {
      metadata.labels = { app: 'other' };
    });
    const changes = ofType(world.plan(), 'patchMetadata').map(({ metadata }) => metadata.ownerReferences?.length);
    expect(changes).toEqual([1, 0]);
    world.put({ ...world.set, metadata: { ...world.set.metadata, deletionTimestamp: '2026-01-01T00:59:00Z' } });
    expect(world.plan()).toEqual([]);
  });

  it('counts a collision where another template has the name of its revision', () => {
    const world = new World(aDaemonSet(), 1);
    const [action] = world.plan();
    const taken = (action as Extract<Action, { type: 'create' }>).object;
    world.put({ ...taken, metadata: { ...taken.metadata, labels: {}, ownerReferences: [] } });
    expect(world.plan()).toMatchObject([{ type: 'updateStatus', object: { status: { collisionCount: 1 } } }]);
    expect(world.sync()).toEqual([1, 0]);
  });

  it('hears of nodes that it should serve, or not any more, and of no others', () => {
    const world = new World(aDaemonSet(), 1);
    const controller = daemonSetController(world.clock);
    const keys = (node = world.objects.get('Node/n0')!): readonly string[] =>
      controller.keysFor(node, fakeView([...world.objects.values()]));
    expect(keys()).toEqual(['default/agent']);
    world.sync();
    editPod(world, 0, ({ spec }) => {
      spec.nodeName = 'n0';
    });
    expect(keys()).toEqual([]);
    const before = world.objects.get('Node/n0')!;
    world.put({ ...aNode('n0'), status: { conditions: [] } });
    expect([keys(before), keys()]).toEqual([[], []]);
    world.put({ ...aNode('n0'), spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } });
    expect([keys(before), keys()]).toEqual([['default/agent'], []]);
    world.objects.delete('Node/n0');
    expect(keys(before)).toEqual(['default/agent']);
  });
});
