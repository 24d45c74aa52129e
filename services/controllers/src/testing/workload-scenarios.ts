import { isReady } from '@gantry/model/ready.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { isActive } from '../core/pods.ts';
import { deployments } from './deployment-scenario.ts';
import { aReplicaSet, aService } from './objects.ts';
import { checkSet, disturbPods, nodes, type Scenario } from './scenario.ts';
import { users } from './users.ts';

export const replicaSets: Scenario = {
  name: 'replicaset-controller',
  setUp: (simulation) => {
    nodes(simulation);
    const set = aReplicaSet(5);
    set.spec.minReadySeconds = simulation.random.pick([0, 0, 5])!;
    simulation.create(set);
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.02)) users.scale(simulation, simulation.all('ReplicaSet')[0], random.int(0, 12));
    disturbPods(simulation);
  },
  check: (simulation) => simulation.all('ReplicaSet').flatMap((set) => checkSet(simulation, set)),
};

export const endpointSlices: Scenario = {
  name: 'endpointslice-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create(aReplicaSet(4));
    simulation.create(aService());
  },
  act: (simulation) => {
    const { random } = simulation;
    if (random.chance(0.02)) users.scale(simulation, simulation.all('ReplicaSet')[0], random.int(0, 8));
    if (random.chance(0.01)) users.remove(simulation, random.pick(simulation.all('EndpointSlice')));
    disturbPods(simulation);
  },
  check: (simulation) => {
    const serving = simulation.all('Pod').filter((pod) => {
      const [service] = simulation.all('Service');
      const selected = matchesLabels({ matchLabels: { ...service!.spec.selector } }, pod.metadata.labels);
      return selected && isActive(pod) && isReady(pod);
    });
    const listed = simulation
      .all('EndpointSlice')
      .flatMap(({ endpoints = [] }) =>
        endpoints.filter(({ conditions }) => conditions?.ready).map(({ targetRef }) => targetRef?.uid),
      );
    const wanted = serving.map(({ metadata }) => metadata.uid);
    return listed.sort().join() === wanted.sort().join() ? [] : [`slices list ${listed} and not ${wanted}`];
  },
};

export const disruptions: Scenario = {
  name: 'disruption-controller',
  setUp: (simulation) => {
    deployments.setUp(simulation);
    simulation.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } },
    });
  },
  act: deployments.act,
  check: (simulation) => {
    const healthy = simulation
      .all('Pod')
      .filter((pod) => isActive(pod) && isReady(pod) && pod.metadata.labels?.app === 'web').length;
    const {
      currentHealthy = 0,
      desiredHealthy = 0,
      disruptionsAllowed = 0,
    } = simulation.all('PodDisruptionBudget')[0]!.status ?? {};
    const allowed = Math.max(0, healthy - desiredHealthy);
    return currentHealthy === healthy && (disruptionsAllowed === allowed || disruptionsAllowed === 0)
      ? []
      : [`${currentHealthy} of ${healthy} healthy, ${disruptionsAllowed} of ${allowed} may go`];
  },
};

export const podGroups: Scenario = {
  name: 'podgroup-controller',
  setUp: (simulation) => {
    nodes(simulation);
    simulation.create({
      apiVersion: 'scheduling.x-k8s.io/v1alpha1',
      kind: 'PodGroup',
      metadata: { name: 'g', namespace: 'default' },
      spec: { minMember: 3 },
    });
    const set = aReplicaSet(4);
    set.spec.template!.metadata!.labels!['scheduling.x-k8s.io/pod-group'] = 'g';
    simulation.create(set);
  },
  act: replicaSets.act,
  check: (simulation) => {
    const members = simulation.all('Pod').filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const running = members.filter(({ status }) => status?.phase === 'Running').length;
    const { running: said = 0 } = simulation.all('PodGroup')[0]!.status ?? {};
    return said === running ? [] : [`the group says that ${said} of ${running} run`];
  },
};
