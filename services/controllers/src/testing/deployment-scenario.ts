import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { controllerOf } from '../core/owners.ts';
import { byRevision, revisionOf, rollbackAnnotation } from '../deployment/annotations.ts';
import { aDeployment, aReplicaSet } from './objects.ts';
import { checkSet, disturbPods, nodes, podsOf, type Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

function strategyOf({ random }: Simulation): Deployment['spec']['strategy'] & object {
  const bound = (): number | string => (random.chance(0.5) ? random.int(0, 4) : `${random.int(0, 100)}%`);
  const rollingUpdate = { maxSurge: bound(), maxUnavailable: bound() };
  return random.chance(0.25) ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate };
}

function edit(simulation: Simulation, change: (draft: Deployment) => void): void {
  const [deployment] = simulation.all('Deployment');
  if (deployment !== undefined) simulation.store.edit(deployment, change, 'user');
}

/** Users roll a Deployment out, back and over, scale it, pause it, and change its strategy and history. */
export const deployments: Scenario = {
  name: 'deployment-controller',
  setUp: (simulation) => {
    const { random } = simulation;
    nodes(simulation);
    const minReadySeconds = random.pick([0, 0, 5])!;
    const progressDeadlineSeconds = random.pick([6, 20, 600, 2 ** 31 - 1])!;
    const revisionHistoryLimit = random.pick([0, 1, 10])!;
    const strategy = strategyOf(simulation);
    const spec = { replicas: random.int(1, 8), strategy, minReadySeconds, progressDeadlineSeconds };
    simulation.create(aDeployment({ ...spec, revisionHistoryLimit }));
  },
  act: (simulation) => {
    const { random } = simulation;
    const [deployment] = simulation.all('Deployment');
    if (random.chance(0.01)) users.scale(simulation, deployment, random.int(0, 8));
    if (random.chance(0.02)) users.setImage(simulation, deployment, `web:${random.int(1, 3)}`);
    if (random.chance(0.01)) users.pause(simulation, deployment, random.chance(0.5));
    if (random.chance(0.005))
      edit(simulation, (draft) => Object.assign(draft.spec, { strategy: strategyOf(simulation) }));
    if (random.chance(0.005)) {
      edit(simulation, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, [rollbackAnnotation]: String(random.int(0, 4)) };
      });
    }
    disturbPods(simulation);
  },
  check: (simulation) => {
    const [deployment] = simulation.all('Deployment');
    const sets = simulation.all('ReplicaSet').filter((set) => controllerOf(set)?.uid === deployment!.metadata.uid);
    const faults = sets.flatMap((set) => checkSet(simulation, set));
    return deployment!.spec.paused ? faults : [...faults, ...checkRollout(simulation, deployment!, sets)];
  },
};

/** Faults of a Deployment at rest whose rollout is done. */
function checkRollout(simulation: Simulation, deployment: Deployment, sets: readonly ReplicaSet[]): string[] {
  const { replicas = 1, template, revisionHistoryLimit = 10, progressDeadlineSeconds } = deployment.spec;
  const { status = {}, metadata } = deployment;
  const pods = sets.flatMap((set) => podsOf(simulation, set));
  const image = template.spec.containers[0]!.image;
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  const revisions = sets.toSorted((a, b) => byRevision(b, a)).map(revisionOf);
  const faults: readonly (readonly [boolean, string])[] = [
    [pods.length !== replicas, `${pods.length} pods, and not ${replicas}`],
    [pods.some((pod) => pod.spec.containers[0]?.image !== image), `not all pods run ${image}`],
    [(status.availableReplicas ?? 0) !== replicas, 'the status says that some are missing'],
    [status.observedGeneration !== metadata.generation, 'the status is of another generation'],
    [(status.terminatingReplicas ?? -1) !== 0, `${status.terminatingReplicas} pods are said to end`],
    [revisionOf(deployment) !== revisions[0], `the revision is ${revisionOf(deployment)}, of ${revisions}`],
    [new Set(revisions).size !== revisions.length, `two sets have one revision: ${revisions}`],
    [sets.length > revisionHistoryLimit + 1, `${sets.length} sets, and no more than ${revisionHistoryLimit} old ones`],
    [metadata.annotations?.[rollbackAnnotation] !== undefined, 'a rollback is still asked for'],
    [
      progressDeadlineSeconds === 2 ** 31 - 1
        ? progressing !== undefined
        : progressing?.reason !== 'NewReplicaSetAvailable',
      `the condition says ${progressing?.reason}`,
    ],
  ];
  return faults.filter(([isWrong]) => isWrong).map(([, text]) => text);
}

/** Users scale a ReplicationController. */
export const replicationControllers: Scenario = {
  name: 'replication-controller',
  setUp: (simulation) => {
    nodes(simulation);
    const { spec, ...set } = aReplicaSet(5);
    const minReadySeconds = simulation.random.pick([0, 0, 5])!;
    simulation.create({
      ...set,
      apiVersion: 'v1',
      kind: 'ReplicationController',
      spec: { ...spec, minReadySeconds, selector: { app: 'web' } },
    });
  },
  act: (simulation) => {
    const { random } = simulation;
    const [set] = simulation.all('ReplicationController');
    const replicas = random.int(0, 12);
    if (random.chance(0.02)) simulation.store.edit(set!, ({ spec }) => Object.assign(spec, { replicas }), 'user');
    disturbPods(simulation);
  },
  check: (simulation) => simulation.all('ReplicationController').flatMap((set) => checkSet(simulation, set)),
};
