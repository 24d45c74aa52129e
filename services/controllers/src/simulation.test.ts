import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Controller } from './core/action.ts';
import { isActive } from './core/pods.ts';
import { deploymentController } from './deployment/deployment.ts';
import { rolloutBounds } from './deployment/rolling.ts';
import { disruptionController } from './disruption/disruption.ts';
import { endpointSliceController } from './endpointslice/endpointslice.ts';
import { garbageController } from './garbage/garbage.ts';
import { namespaceController } from './namespace/namespace.ts';
import { replicaSetController } from './replicaset/replicaset.ts';
import { aDeployment, aService } from './testing/objects.ts';
import { World } from './testing/world.ts';

// All controllers together on a cluster in a map: what they come to, and what never happens on the way.

const controllers: readonly Controller[] = [
  deploymentController,
  replicaSetController,
  endpointSliceController,
  garbageController,
  namespaceController({ monotonic: () => 0 }),
  disruptionController,
];
const always = (): boolean => true;
const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;
const serving = (world: World): Pod[] => world.pods().filter((pod) => isActive(pod) && isReady(pod));

function settle(world: World, rounds = 60): void {
  for (let round = 0; round < rounds; round++) {
    world.reconcile(controllers);
    world.tick(always, always);
  }
}

const bound = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
);
const scenario = fc.record({
  replicas: fc.integer({ min: 1, max: 8 }),
  maxSurge: bound,
  maxUnavailable: bound,
  luck: fc.array(fc.boolean(), { minLength: 8, maxLength: 40 }),
});

describe('a deployment', () => {
  it('comes up, and its status says so', () => {
    const world = new World();
    world.put(aDeployment());
    settle(world);
    expect(serving(world)).toHaveLength(3);
    expect(world.all('Deployment')[0]!.status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      conditions: [
        { type: 'Available', status: 'True' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    });
  });

  it('rolls to a new template within its bounds, however slowly pods start and end', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, luck }) => {
        const world = new World();
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
        world.put(aDeployment({ replicas, strategy }));
        settle(world, 20);
        const [deployment] = world.all('Deployment');
        world.put({ ...deployment!, spec: aDeployment({ replicas, strategy }, 'web:2').spec });
        const bounds = rolloutBounds(replicas, maxSurge, maxUnavailable);
        let turn = 0;
        const lucky = (): boolean => luck[turn++ % luck.length]! || turn % 5 === 0;
        for (let round = 0; round < 150; round++) {
          world.reconcile(controllers);
          const active = world.pods().filter(isActive);
          expect(active.length).toBeLessThanOrEqual(replicas + bounds.maxSurge);
          expect(serving(world).length).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable);
          world.tick(lucky, lucky);
        }
        expect(world.pods().map(imageOf)).toEqual(Array.from({ length: replicas }, () => 'web:2'));
      }),
      { numRuns: 40 },
    );
  });

  it('never runs old and new pods side by side where it recreates them', () => {
    const world = new World();
    const strategy = { type: 'Recreate' };
    world.put(aDeployment({ strategy }));
    settle(world, 20);
    world.put({ ...world.all('Deployment')[0]!, spec: aDeployment({ strategy }, 'web:2').spec });
    for (let round = 0; round < 40; round++) {
      world.reconcile(controllers);
      expect(new Set(world.pods().map(imageOf)).size).toBeLessThanOrEqual(1);
      world.tick(always, () => round % 3 === 0);
    }
    expect(serving(world).map(imageOf)).toEqual(['web:2', 'web:2', 'web:2']);
  });

  it('goes back to a template that it had, with the ReplicaSet of then', () => {
    const world = new World();
    world.put(aDeployment());
    settle(world, 20);
    for (const image of ['web:2', 'web:1']) {
      world.put({ ...world.all('Deployment')[0]!, spec: aDeployment({}, image).spec });
      settle(world, 30);
    }
    const revisions = world
      .all('ReplicaSet')
      .map((set) => set.metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(revisions.sort()).toEqual(['2', '3']);
    expect(serving(world).map(imageOf)).toEqual(['web:1', 'web:1', 'web:1']);
  });

  it('keeps no more idle revisions than it is told to', () => {
    const world = new World();
    world.put(aDeployment({ revisionHistoryLimit: 2 }));
    settle(world, 20);
    for (let version = 2; version <= 6; version++) {
      world.put({
        ...world.all('Deployment')[0]!,
        spec: aDeployment({ revisionHistoryLimit: 2 }, `web:${version}`).spec,
      });
      settle(world, 25);
    }
    expect(world.all('ReplicaSet').filter((set) => set.spec.replicas === 0)).toHaveLength(2);
  });

  it('can be scaled in the middle of a rollout, and while it is paused', () => {
    const world = new World();
    world.put(aDeployment({ replicas: 4 }));
    settle(world, 20);
    world.put({ ...world.all('Deployment')[0]!, spec: aDeployment({ replicas: 4 }, 'web:2').spec });
    for (let round = 0; round < 2; round++) world.reconcile(controllers);
    world.put({ ...world.all('Deployment')[0]!, spec: aDeployment({ replicas: 8, paused: true }, 'web:2').spec });
    settle(world, 20);
    expect(new Set(world.pods().map(imageOf)).size).toBe(2);
    world.put({ ...world.all('Deployment')[0]!, spec: aDeployment({ replicas: 8 }, 'web:2').spec });
    settle(world, 60);
    expect(world.pods().map(imageOf)).toEqual(Array.from({ length: 8 }, () => 'web:2'));
  });

  it('takes its ReplicaSets and pods along when it is deleted, or leaves them', () => {
    const count = (propagation: string): number => {
      const world = new World();
      world.put(aDeployment());
      settle(world, 20);
      world.askForEnd(world.all('Deployment')[0]!, undefined, propagation);
      settle(world, 20);
      expect(world.all('Deployment')).toEqual([]);
      return world.pods().length;
    };
    expect(count('Background')).toBe(0);
    expect(count('Foreground')).toBe(0);
    expect(count('Orphan')).toBe(3);
  });
});

describe('a disruption budget', () => {
  it('never allows more than leaves what must stay, however a rollout goes', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, luck }) => {
        const world = new World();
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
        world.put(aDeployment({ replicas, strategy }));
        world.put({
          apiVersion: 'policy/v1',
          kind: 'PodDisruptionBudget',
          metadata: { name: 'web', namespace: 'default' },
          spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
        });
        settle(world, 20);
        world.put({
          ...world.all('Deployment')[0]!,
          spec: aDeployment({ replicas, strategy }, 'web:2').spec,
        });
        let turn = 0;
        const lucky = (): boolean => luck[turn++ % luck.length]! || turn % 5 === 0;
        for (let round = 0; round < 40; round++) {
          world.reconcile(controllers);
          const { disruptionsAllowed = 0 } = world.all('PodDisruptionBudget')[0]!.status ?? {};
          expect(serving(world).length - disruptionsAllowed).toBeGreaterThanOrEqual(
            disruptionsAllowed > 0 ? Math.ceil(replicas / 2) : 0,
          );
          world.tick(lucky, lucky);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('a service', () => {
  it('lists the pods that are ready, and drops those on their way out', () => {
    const world = new World();
    world.put(aDeployment());
    world.put(aService());
    settle(world, 20);
    const endpoints = () => world.all('EndpointSlice').flatMap((slice) => slice.endpoints ?? []);
    expect(endpoints().map(({ conditions }) => conditions?.ready)).toEqual([true, true, true]);
    world.askForEnd(world.pods()[0]!);
    world.reconcile([endpointSliceController]);
    expect(endpoints().filter(({ conditions }) => conditions?.ready)).toHaveLength(2);
    expect(endpoints().filter(({ conditions }) => conditions?.terminating && conditions.serving)).toHaveLength(1);
  });
});

describe('a namespace', () => {
  it('is emptied and goes', () => {
    const world = new World();
    world.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default' },
      spec: { finalizers: ['kubernetes'] },
    });
    world.put(aDeployment());
    world.put(aService());
    settle(world, 20);
    world.askForEnd(world.all('Namespace')[0]!);
    settle(world, 40);
    expect([
      ...world.all('Namespace'),
      ...world.all('Deployment'),
      ...world.all('EndpointSlice'),
      ...world.pods(),
    ]).toEqual([]);
  });
});
