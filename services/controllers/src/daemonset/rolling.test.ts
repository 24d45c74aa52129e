import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aDaemonSet, aNode } from '../testing/objects.ts';
import { boundsOf } from './bounds.ts';
import { World } from './testing/world.ts';

const running = (nodes: number, strategy?: Parameters<typeof aDaemonSet>[0]): World => {
  const world = new World(aDaemonSet(strategy), nodes);
  world.sync();
  world.markReady();
  return world;
};

describe('the bounds of a rolling update', () => {
  it.each([
    [{ maxUnavailable: 1 }, { maxSurge: 0, maxUnavailable: 1 }],
    [{ maxUnavailable: '20%' }, { maxSurge: 0, maxUnavailable: 1 }],
    [{ maxUnavailable: '21%' }, { maxSurge: 0, maxUnavailable: 2 }],
    [{ maxUnavailable: '100%' }, { maxSurge: 0, maxUnavailable: 5 }],
    [
      { maxSurge: '50%', maxUnavailable: 0 },
      { maxSurge: 3, maxUnavailable: 0 },
    ],
    [
      { maxSurge: 0, maxUnavailable: 0 },
      { maxSurge: 0, maxUnavailable: 1 },
    ],
    [{}, { maxSurge: 0, maxUnavailable: 1 }],
  ])('%j of 5 nodes', (rollingUpdate, bounds) => {
    expect(boundsOf(aDaemonSet(rollingUpdate), 5)).toEqual(bounds);
  });
});

// The steps of Kubernetes' own tests: pods that are made and deleted, one sync after another.
describe('a rolling update', () => {
  it('takes away as many old pods at a time as may be unavailable', () => {
    const world = running(5);
    world.roll('agent:2', { maxUnavailable: 2 });
    for (const count of [2, 2, 1]) {
      expect(world.sync()).toEqual([0, count]);
      expect(world.sync()).toEqual([count, 0]);
      expect(world.sync()).toEqual([0, 0]);
      world.markReady();
    }
    expect(world.sync()).toEqual([0, 0]);
  });

  it('replaces new pods that never got ready, and no old pod that serves', () => {
    const world = running(5);
    world.roll('agent:2', { maxUnavailable: 2 });
    expect([world.sync(), world.sync(), world.sync()]).toEqual([
      [0, 2],
      [2, 0],
      [0, 0],
    ]);
    world.roll('agent:3');
    expect([world.sync(), world.sync(), world.sync()]).toEqual([
      [0, 2],
      [2, 0],
      [0, 0],
    ]);
  });

  it('replaces all pods at once where none serves', () => {
    const world = new World(aDaemonSet({ maxUnavailable: 3 }), 100);
    world.sync();
    world.roll('agent:2');
    expect([world.sync(), world.sync(), world.sync()]).toEqual([
      [0, 100],
      [100, 0],
      [0, 0],
    ]);
  });

  it('surges, and takes an old pod away once its successor is available', () => {
    const world = running(5);
    world.roll('agent:2', { maxSurge: 2, maxUnavailable: 0 });
    const steps: [number, number][] = [];
    for (let step = 0; step < 5; step++) {
      steps.push(world.sync(), world.sync());
      world.markReady();
    }
    expect(steps).toEqual([
      [2, 0],
      [0, 0],
      // The old pods go first, and the next nodes follow.
      [0, 2],
      [2, 0],
      [0, 2],
      [1, 0],
      [0, 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('surges at once where the old pod does not serve', () => {
    const world = new World(aDaemonSet({ maxSurge: 2, maxUnavailable: 0 }), 100);
    world.sync();
    world.roll('agent:2');
    expect(world.sync()).toEqual([100, 0]);
    expect(world.sync()).toEqual([0, 100]);
  });

  it('keeps serving pods of nodes that drop out until others serve in their place', () => {
    const tolerations = [{ key: 'a', operator: 'Exists' }];
    const nodes = Array.from({ length: 5 }, (_, index) => aNode(`n${index}`));
    nodes[0] = { ...nodes[0]!, spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } };
    const world = new World(aDaemonSet({ maxSurge: 1, maxUnavailable: 0 }, { tolerations }), nodes);
    expect(world.sync()).toEqual([5, 0]);
    world.markReady();
    const { spec } = world.set;
    world.put({
      ...world.set,
      spec: { ...spec, template: { ...spec.template, spec: { ...spec.template!.spec!, tolerations: [] } } },
      metadata: { ...world.set.metadata, generation: 2, annotations: {} },
    });
    // Four nodes should have a pod, and five serve.
    expect(world.sync()).toEqual([1, 1]);
  });

  it('does nothing by itself where pods are replaced on deletion', () => {
    const world = running(3);
    world.roll('agent:2');
    world.put({ ...world.set, spec: { ...world.set.spec, updateStrategy: { type: 'OnDelete' } } });
    expect(world.sync()).toEqual([0, 0]);
    expect(world.set.status).toMatchObject({ updatedNumberScheduled: 0, observedGeneration: 2 });
    world.objects.delete(`Pod/${world.pods[0]!.metadata.name}`);
    expect(world.sync()).toEqual([1, 0]);
    world.sync();
    expect(world.set.status).toMatchObject({ updatedNumberScheduled: 1 });
  });

  it('waits until new pods have been ready for minReadySeconds', () => {
    const world = running(2);
    world.put({ ...world.set, spec: { ...world.set.spec, minReadySeconds: 10 } });
    world.roll('agent:2');
    expect([world.sync(), world.sync()]).toEqual([
      [0, 1],
      [1, 0],
    ]);
    world.markReady(world.clock.now(), ({ status }) => status === undefined);
    expect(world.plan()).toContainEqual({ type: 'requeue', afterMs: 10_000 });
    expect(world.sync()).toEqual([0, 0]);
    world.clock.advance(10_000);
    expect(world.sync()).toEqual([0, 1]);
  });

  it('goes back to an older revision, which then comes last, and keeps no more than the limit', () => {
    const world = running(1);
    world.put({ ...world.set, spec: { ...world.set.spec, revisionHistoryLimit: 1 } });
    const revisions = (): (readonly [string, number | undefined])[] =>
      [...world.objects.values()].flatMap((object) =>
        object.kind === 'ControllerRevision'
          ? [
              [
                (object.data as { spec: { template: { spec: { containers: { image: string }[] } } } }).spec.template
                  .spec.containers[0]!.image,
                object.revision,
              ] as const,
            ]
          : [],
      );
    const finish = (): void => {
      for (let step = 0; step < 4; step++) {
        world.sync();
        world.markReady();
      }
    };
    for (const image of ['agent:2', 'agent:1', 'agent:3']) {
      world.roll(image);
      finish();
    }
    expect(revisions()).toEqual([
      ['agent:1', 3],
      ['agent:3', 4],
    ]);
  });

  it('never leaves more nodes without an available pod, nor with two, than it may', () => {
    const step = fc.record({ ready: fc.nat(), fail: fc.boolean(), roll: fc.integer({ min: 0, max: 9 }) });
    const bounds = fc.constantFrom(
      ...[
        { maxUnavailable: 1 },
        { maxUnavailable: '40%' },
        { maxSurge: 1, maxUnavailable: 0 },
        { maxSurge: '50%', maxUnavailable: 0 },
      ],
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        bounds,
        fc.array(step, { maxLength: 40 }),
        (nodes, rollingUpdate, steps) => {
          const world = running(nodes, rollingUpdate);
          const { maxSurge, maxUnavailable } = boundsOf(world.set, nodes);
          for (const { ready, roll } of steps) {
            if (roll < 3) world.roll(`agent:${roll}`);
            world.sync();
            const serving = world.pods.filter(({ status }) => status?.phase === 'Running');
            expect(new Set(serving.map(nodeOf)).size).toBeGreaterThanOrEqual(nodes - maxUnavailable);
            const perNode = Map.groupBy(world.pods, nodeOf);
            const doubled = [...perNode.values()].filter((pods) => pods.length > 1).length;
            expect(doubled).toBeLessThanOrEqual(maxSurge);
            const waiting = world.pods.filter(({ status }) => status === undefined);
            const chosen = waiting[ready % Math.max(1, waiting.length)];
            world.markReady(undefined, (pod) => pod === chosen);
          }
        },
      ),
    );
  });
});

function nodeOf({ spec }: World['pods'][number]): string {
  const terms = spec.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms;
  return terms![0]!.matchFields![0]!.values![0]!;
}
