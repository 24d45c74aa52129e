import type { Deployment } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { describe, expect, it } from 'vitest';
import { isActive } from './core/pods.ts';
import { rolloutBounds } from './deployment/rolling.ts';
import { wholeCast } from './testing/cast.ts';
import { aDeployment, aNode, aService } from './testing/objects.ts';
import { seeds, withSeeds } from './testing/seeds.ts';
import { Simulation } from './testing/simulation.ts';
import { users } from './testing/users.ts';

// All controllers together on a cluster in which nothing fails: the state that they come to, and what never happens on the
// way. faults.test.ts is the same with everything that can go wrong.

const imageOf = (pod: Pod): string | undefined => pod.spec.containers[0]?.image;
const activeIn = (simulation: Simulation): Pod[] => simulation.all('Pod').filter(isActive);
const servingIn = (simulation: Simulation): Pod[] => activeIn(simulation).filter(isReady);
const deploymentIn = (simulation: Simulation): Deployment => simulation.all('Deployment')[0]!;
const imagesOf = (replicas: number, image: string): string[] => Array.from({ length: replicas }, () => image);

/** A cluster whose users act once a step, with a Deployment that has come up. */
async function running(
  spec: Partial<Deployment['spec']> = {},
  act: (simulation: Simulation) => void = () => {},
  seed = 1,
): Promise<Simulation> {
  const simulation = new Simulation({ seed, ...wholeCast(), act });
  for (const name of ['n1', 'n2']) simulation.create(aNode(name));
  simulation.create(aDeployment(spec));
  await simulation.settle();
  return simulation;
}

describe('a deployment', () => {
  it('comes up, and its status says so', async () => {
    await using simulation = await running();
    expect(servingIn(simulation)).toHaveLength(3);
    expect(deploymentIn(simulation).status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      conditions: [
        { type: 'Available', status: 'True' },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
      ],
    });
  });

  it('rolls to a new template within its bounds, however slowly pods start and end', async () => {
    await withSeeds(seeds(40), async (seed) => {
      const { random } = new Simulation({ seed, controllers: () => [] });
      const bound = (): number | string => (random.chance(0.5) ? random.int(0, 4) : `${random.int(0, 100)}%`);
      const replicas = random.int(1, 8);
      const rollingUpdate = { maxSurge: bound(), maxUnavailable: bound() };
      const bounds = rolloutBounds(replicas, rollingUpdate.maxSurge, rollingUpdate.maxUnavailable);
      const isWithinBounds = (simulation: Simulation): void => {
        expect(activeIn(simulation).length).toBeLessThanOrEqual(replicas + bounds.maxSurge);
        expect(servingIn(simulation).length).toBeGreaterThanOrEqual(replicas - bounds.maxUnavailable);
      };
      const spec = { replicas, strategy: { type: 'RollingUpdate', rollingUpdate } };
      await using simulation = await running(spec, isWithinBounds, seed);
      users.setImage(simulation, deploymentIn(simulation), 'web:2');
      await simulation.steps(300);
      expect(simulation.all('Pod').map(imageOf)).toEqual(imagesOf(replicas, 'web:2'));
    });
  });

  it('never runs old and new pods side by side where it recreates them', async () => {
    const isAlone = (simulation: Simulation): void => {
      expect(new Set(simulation.all('Pod').map(imageOf)).size).toBeLessThanOrEqual(1);
    };
    await using simulation = await running({ strategy: { type: 'Recreate' } }, isAlone);
    users.setImage(simulation, deploymentIn(simulation), 'web:2');
    await simulation.steps(100);
    expect(servingIn(simulation).map(imageOf)).toEqual(imagesOf(3, 'web:2'));
  });

  it('goes back to a template that it had, with the ReplicaSet of then', async () => {
    await using simulation = await running();
    for (const image of ['web:2', 'web:1']) {
      users.setImage(simulation, deploymentIn(simulation), image);
      await simulation.settle();
    }
    const revisions = simulation
      .all('ReplicaSet')
      .map((set) => set.metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(revisions.sort()).toEqual(['2', '3']);
    expect(servingIn(simulation).map(imageOf)).toEqual(imagesOf(3, 'web:1'));
  });

  it('keeps no more idle revisions than it is told to', async () => {
    await using simulation = await running({ revisionHistoryLimit: 2 });
    for (let version = 2; version <= 6; version++) {
      users.setImage(simulation, deploymentIn(simulation), `web:${version}`);
      await simulation.settle();
    }
    expect(simulation.all('ReplicaSet').filter((set) => set.spec.replicas === 0)).toHaveLength(2);
  });

  it('can be scaled in the middle of a rollout, and while it is paused', async () => {
    await using simulation = await running({ replicas: 4 });
    users.setImage(simulation, deploymentIn(simulation), 'web:2');
    while (!simulation.all('Pod').some((pod) => imageOf(pod) === 'web:2')) await simulation.steps(1);
    users.pause(simulation, deploymentIn(simulation), true);
    users.scale(simulation, deploymentIn(simulation), 8);
    await simulation.settle();
    expect(new Set(simulation.all('Pod').map(imageOf)).size).toBe(2);
    users.pause(simulation, deploymentIn(simulation), false);
    await simulation.settle();
    expect(simulation.all('Pod').map(imageOf)).toEqual(imagesOf(8, 'web:2'));
  });

  it.each([
    ['Background', 0],
    ['Foreground', 0],
    ['Orphan', 3],
  ] as const)('that is deleted (%s) leaves %i pods', async (propagation, left) => {
    await using simulation = await running();
    users.remove(simulation, deploymentIn(simulation), propagation);
    await simulation.settle();
    expect(simulation.all('Deployment')).toEqual([]);
    expect(simulation.all('Pod')).toHaveLength(left);
  });
});

describe('a disruption budget', () => {
  it('allows what leaves enough once a rollout has come to rest', async () => {
    await using simulation = await running({ replicas: 5 });
    simulation.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
    });
    users.setImage(simulation, deploymentIn(simulation), 'web:2');
    await simulation.settle();
    expect(simulation.all('PodDisruptionBudget')[0]!.status).toMatchObject({
      expectedPods: 5,
      currentHealthy: 5,
      desiredHealthy: 3,
      disruptionsAllowed: 2,
    });
  });
});

describe('a service', () => {
  it('lists the pods that are ready, and drops those on their way out', async () => {
    await using simulation = await running();
    simulation.create(aService());
    await simulation.settle();
    const endpoints = () => simulation.all('EndpointSlice').flatMap((slice) => slice.endpoints ?? []);
    expect(endpoints().map(({ conditions }) => conditions?.ready)).toEqual([true, true, true]);
    const [pod] = simulation.all('Pod');
    simulation.players.cutOff(pod!.spec.nodeName!);
    users.remove(simulation, pod);
    await simulation.steps(4);
    expect(endpoints().filter(({ conditions }) => conditions?.ready)).toHaveLength(2);
    expect(endpoints().filter(({ conditions }) => conditions?.terminating && conditions.serving)).toHaveLength(1);
  });
});

describe('the Endpoints of a service', () => {
  it('say what its slices say after a rolling update, and are written no more often', async () => {
    await using simulation = await running({ replicas: 6 });
    simulation.create(aService({ ports: [{ port: 80, targetPort: 8080 }] }));
    await simulation.settle();
    const writesOf = (kind: 'Endpoints' | 'EndpointSlice'): number => simulation.store.changesOf(kind).length;
    const before = { endpoints: writesOf('Endpoints'), slices: writesOf('EndpointSlice') };
    expect(before.endpoints).toBe(1);
    users.setImage(simulation, deploymentIn(simulation), 'web:2');
    await simulation.settle();
    const writes = writesOf('Endpoints') - before.endpoints;
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual(writesOf('EndpointSlice') - before.slices);
    const [endpoints] = simulation.all('Endpoints');
    const listed = endpoints!.subsets!.flatMap(({ addresses = [] }) =>
      addresses.map(({ targetRef }) => targetRef?.uid),
    );
    expect(listed.sort()).toEqual(
      simulation
        .all('Pod')
        .map(({ metadata }) => metadata.uid)
        .sort(),
    );
  });
});

describe('a namespace', () => {
  it('is emptied and goes', async () => {
    await using simulation = await running();
    const spec = { finalizers: ['kubernetes'] };
    simulation.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' }, spec });
    simulation.create(aService());
    await simulation.settle();
    users.remove(simulation, simulation.all('Namespace')[0]);
    await simulation.settle();
    const kinds = ['Namespace', 'Deployment', 'ReplicaSet', 'Service', 'EndpointSlice', 'Endpoints', 'Pod'] as const;
    expect(kinds.flatMap((kind) => [...simulation.all(kind)])).toEqual([]);
  });
});
