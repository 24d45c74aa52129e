import type { CapacityBuffer } from '@gantry/model/gen/gantry.capacity.v1beta1.ts';
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import { type ClusterAutoscalerSettings, defaultClusterAutoscalerSettings } from '../clusterautoscaler/settings.ts';
import { isMarkedLeaving } from '../clusterautoscaler/taints.ts';
import { isActive } from '../core/pods.ts';
import { aDeployment } from './objects.ts';
import { headroomOf, type PlayedGroup, PlayedProvider } from './played-provider.ts';
import { playedScheduling, roomOn } from './played-scheduling.ts';
import type { Scenario } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { users } from './users.ts';

const second = 1_000;
const { group } = defaultClusterAutoscalerSettings;

/** Short times. */
const settings: ClusterAutoscalerSettings = {
  ...defaultClusterAutoscalerSettings,
  ...{ scanIntervalMs: second, scaleDownDelayAfterAddMs: 3 * second, scaleDownDelayAfterFailureMs: second },
  ...{ initialNodeGroupBackoffMs: 3 * second, maxNodeGroupBackoffMs: 6 * second, unremovableNodeRecheckMs: 3 * second },
  ...{ maxPodEvictionMs: 20 * second, nodeDeleteDelayAfterTaintMs: 2 * second, maxTotalUnreadyPercentage: 100 },
  scaleDownBudget: { nodes: 5, percent: 100, periodMs: 10 * second },
  group: {
    ...group,
    scaleDownUnneededMs: 4 * second,
    scaleDownUnreadyMs: 8 * second,
    maxNodeProvisionMs: 20 * second,
    maxNodeStartupMs: 20 * second,
  },
};

/** The provider of each simulation. */
export const providers = new WeakMap<Simulation, PlayedProvider>();
/** Pods at a time, and room for others, at most: all groups together have room for them. */
const mostPods = 14;
const mostSpare = 3;

function groupsOf(simulation: Simulation): PlayedGroup[] {
  return [
    { id: 'small', cpuMilli: 2_000, cost: 2, minSize: simulation.random.int(0, 1), maxSize: 4 },
    { id: 'large', cpuMilli: 4_000, cost: 3, minSize: 0, maxSize: 4 },
  ];
}

/** Users scale a Deployment while nodes come and go, by a provider of which everything goes wrong. */
export const clusterAutoscaling: Scenario = {
  name: 'cluster-autoscaler',
  steps: 500,
  quietSteps: 150,
  settings: { clusterAutoscaler: { settings } },
  setUp: (simulation) => {
    const { players, store, clock } = simulation;
    providers.set(simulation, new PlayedProvider(simulation, groupsOf(simulation)));
    players.mayBind = (_pod, node) => isReady(node) && roomOn(node, simulation.all('Pod')) > 0;
    players.unschedulable = (pod: Pod): void => {
      if (pod.status?.conditions?.some(({ reason }) => reason === 'Unschedulable')) return;
      const lastTransitionTime = rfc3339(clock.now());
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime };
      const change = (draft: Pod): void => {
        draft.status = { ...draft.status, conditions: [condition] };
      };
      store.editStatus(pod, change, 'scheduler');
    };
    // A node sets the first round off, as the control plane's own does.
    simulation.create(aDeployment({ replicas: simulation.random.int(0, mostPods) }));
    simulation.create(aBuffer(simulation.random.int(0, mostSpare)));
  },
  act: (simulation) => {
    const { random } = simulation;
    // A machine that runs, and whose node is never heard again.
    if (random.chance(0.004)) {
      simulation.players.cutOff(random.pick(simulation.all('Node'))?.metadata.name ?? '');
      providers.get(simulation)!.turns.excuse(simulation.clock.monotonic());
    }
    const [deployment] = simulation.all('Deployment');
    if (random.chance(0.02)) users.scale(simulation, deployment, random.chance(0.3) ? 0 : random.int(0, mostPods));
    if (random.chance(0.005))
      users.setHeadroom(simulation, simulation.all('CapacityBuffer')[0], random.int(0, mostSpare));
  },
  always: (simulation) => providers.get(simulation)!.step(),
  consultant: (simulation) => ({
    provider: providers.get(simulation)!.side(),
    scheduling: playedScheduling(simulation),
  }),
  check,
};

/** Room for so many pods of the Deployment. */
function aBuffer(replicas: number): CapacityBuffer {
  return {
    apiVersion: 'autoscaling.x-k8s.io/v1beta1',
    kind: 'CapacityBuffer',
    metadata: { name: 'spare', namespace: 'default' },
    spec: { scalableRef: { apiGroup: 'apps', kind: 'Deployment', name: 'web' }, replicas },
  };
}

function check(simulation: Simulation): string[] {
  const { machines } = providers.get(simulation)!;
  const nodes = simulation.all('Node');
  const pods = simulation.all('Pod').filter(isActive);
  const homeless = pods.filter(({ spec }) => !spec.nodeName);
  const idle = machines.filter(({ name }) => !pods.some(({ spec }) => spec.nodeName === name));
  const orphans = nodes.filter(({ metadata }) => !machines.some(({ name }) => name === metadata.name));
  const unregistered = machines.filter(({ name }) => !nodes.some(({ metadata }) => metadata.name === name));
  const marked = nodes.filter(isMarkedLeaving);
  const headroom = headroomOf(simulation);
  const roomOf = (node: Node): number => (isReady(node) ? Math.max(0, roomOn(node, pods)) : 0);
  const room = nodes.reduce((sum, node) => sum + roomOf(node), 0);
  const sizeOf = (id: string): number => machines.filter(({ group }) => group.id === id).length;
  const spare = idle.filter(({ name, group }) => {
    const node = nodes.find(({ metadata }) => metadata.name === name);
    return sizeOf(group.id) > group.minSize && room - (node === undefined ? 0 : roomOf(node)) >= headroom;
  });
  return [
    ...homeless.map(({ metadata }) => `pod ${metadata.name} has no node, and could have one`),
    ...(room < headroom ? [`${room} of ${headroom} pods of the buffer have room`] : []),
    ...(spare.length > 0
      ? [`${spare.length} nodes are left without pods: ${spare.map(({ name }) => name).join(', ')}`]
      : []),
    ...orphans.map(({ metadata }) => `node ${metadata.name} outlives its machine`),
    ...unregistered.map(({ name }) => `machine ${name} has no node and is left behind`),
    ...marked.map(({ metadata }) => `node ${metadata.name} never leaves`),
  ];
}
