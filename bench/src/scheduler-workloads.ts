import type { Node, Pod, PodAffinityTerm } from '@gantry/model/gen/gantry.core.v1.ts';
import { nodeNamed, type PodFields, podNamed } from '@gantry/scheduler/testing/builders.ts';

// The workloads of Kubernetes' scheduler_perf (test/integration/scheduler_perf), in the same shapes and sizes.

/** One workload: what is there already, and what is measured. */
export interface Workload {
  readonly name: string;
  readonly nodes: () => Node[];
  /** Pods that are scheduled before the clock starts. */
  readonly before: () => Pod[];
  /** Pods that are measured. */
  readonly measured: () => Pod[];
  /** Throughput of a whole kube-scheduler on a machine of two cores, in pods/s; undefined if it was not measured. */
  readonly kubeSchedulerPerSecond?: number;
  /** True where the pods of `before` stay without a node. */
  readonly leavesWaiting?: boolean;
}

const zoneKey = 'topology.kubernetes.io/zone';
const hostKey = 'kubernetes.io/hostname';
const zones = ['moon-1', 'moon-2', 'moon-3'];

/** scheduler_perf's pod-default.yaml. */
const small = { cpu: '100m', memory: '500Mi' };

function makeNodes(count: number, labels: (index: number) => Record<string, string> = () => ({})): Node[] {
  return Array.from({ length: count }, (_, index) => nodeNamed(`node-${index}`, { labels: labels(index) }));
}

function makePods(prefix: string, count: number, fields: PodFields = {}): Pod[] {
  return Array.from({ length: count }, (_, index) => podNamed(`${prefix}-${index}`, { requests: small, ...fields }));
}

function term(color: string, topologyKey: string): PodAffinityTerm {
  return { labelSelector: { matchLabels: { color } }, topologyKey, namespaces: ['sched-0', 'sched-1'] };
}

const near: PodFields = {
  namespace: 'sched-1',
  labels: { color: 'blue' },
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('blue', zoneKey)] } },
};
const away: PodFields = {
  namespace: 'sched-1',
  labels: { color: 'green' },
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('green', hostKey)] } },
};
const preferNear: PodFields = {
  namespace: 'sched-1',
  labels: { color: 'red' },
  affinity: {
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term('red', hostKey) }],
    },
  },
};
const preferAway: PodFields = {
  namespace: 'sched-1',
  labels: { color: 'yellow' },
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term('yellow', hostKey) }],
    },
  },
};
const inZones: PodFields = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: zoneKey, operator: 'In', values: ['zone1', 'zone2'] }] }],
      },
    },
  },
};

function spread(whenUnsatisfiable: string): PodFields {
  const labelSelector = { matchLabels: { color: 'blue' } };
  return {
    labels: { color: 'blue' },
    topologySpreadConstraints: [{ maxSkew: 5, topologyKey: zoneKey, whenUnsatisfiable, labelSelector }],
  };
}

const threeZones = (count: number) => (): Node[] => makeNodes(count, (index) => ({ [zoneKey]: zones[index % 3]! }));
const oneZone = (count: number) => (): Node[] => makeNodes(count, () => ({ [zoneKey]: 'zone1' }));

/** SchedulingBasic at a size. */
export function basic(nodes: number, pods: number): Workload {
  return {
    name: `SchedulingBasic ${nodes}/${pods}`,
    nodes: () => makeNodes(nodes),
    before: () => makePods('init', Math.min(1_000, nodes)),
    measured: () => makePods('pod', pods),
    ...(nodes === 5_000 && pods === 10_000 ? { kubeSchedulerPerSecond: 200 } : {}),
  };
}

/** Pods of 500 classes, as in a cluster that many teams share: each class needs a choice of nodes of its own. */
export const manyClasses: Workload = {
  name: 'ManyClasses 5000/10000',
  nodes: () => makeNodes(5_000),
  before: () => [],
  measured: () => Array.from({ length: 10_000 }, (_, index) => podOfClass(`pod-${index}`, index % 500)),
};

/** A thousand ReplicaSets of ten pods each, which are spread over the nodes although nobody asked for it. */
const replicaSets: Workload = {
  name: 'ReplicaSets 5000/10000',
  nodes: () => makeNodes(5_000),
  before: () => [],
  measured: () =>
    Array.from({ length: 10_000 }, (_, index) =>
      podNamed(`pod-${index}`, {
        labels: { app: `app-${Math.floor(index / 10)}` },
        owner: 'ReplicaSet',
        requests: small,
      }),
    ),
};

/** One ReplicaSet with two pods for each node. */
const oneReplicaSet: Workload = {
  name: 'ReplicaSet 5000/10000',
  nodes: () => makeNodes(5_000),
  before: () => [],
  measured: () => makePods('pod', 10_000, { owner: 'ReplicaSet' }),
};

/** Twice as many pods that fit nowhere as pods that do, which come between them and in as many classes as there may be. */
export const flood: Workload = {
  name: 'UnschedulableFlood 5000/5000',
  nodes: () => makeNodes(5_000),
  before: () => [],
  measured: () =>
    Array.from({ length: 15_000 }, (_, index) =>
      index % 3 === 0
        ? podNamed(`pod-${index}`, { requests: small })
        : podNamed(`large-${index}`, { labels: { app: `app-${index % 100}` }, requests: { cpu: '9' } }),
    ),
  leavesWaiting: true,
};

/** As Preemption, of pods that a rule keeps apart: each must look beyond the node that it makes room on. */
export const preemptionApart: Workload = {
  name: 'PreemptionWithAntiAffinity 500/500',
  nodes: () => makeNodes(500),
  before: () => makePods('low', 2_000, { requests: { cpu: '900m', memory: '500Mi' } }),
  measured: () => makePods('high', 500, { ...away, requests: { cpu: '3', memory: '500Mi' }, priority: 10 }),
};

/** All workloads but SchedulingBasic, at scheduler_perf's sizes. */
export const workloads: readonly Workload[] = [
  replicaSets,
  oneReplicaSet,
  {
    name: 'TopologySpreading 5000/5000',
    nodes: threeZones(5_000),
    before: () => makePods('init', 5_000),
    measured: () => makePods('pod', 5_000, spread('DoNotSchedule')),
    kubeSchedulerPerSecond: 62,
  },
  {
    name: 'PreferredTopologySpreading 5000/5000',
    nodes: threeZones(5_000),
    before: () => makePods('init', 5_000),
    measured: () => makePods('pod', 5_000, spread('ScheduleAnyway')),
    kubeSchedulerPerSecond: 77,
  },
  {
    name: 'SchedulingPodAntiAffinity 5000/2000',
    nodes: () => makeNodes(5_000),
    before: () => makePods('init', 1_000, { ...away, namespace: 'sched-0' }),
    measured: () => makePods('pod', 2_000, away),
    kubeSchedulerPerSecond: 61,
  },
  {
    name: 'SchedulingPodAffinity 5000/5000',
    nodes: oneZone(5_000),
    before: () => makePods('init', 5_000, { ...near, namespace: 'sched-0' }),
    measured: () => makePods('pod', 5_000, near),
  },
  {
    name: 'SchedulingPreferredPodAffinity 5000/5000',
    nodes: () => makeNodes(5_000),
    before: () => makePods('init', 5_000, { ...preferNear, namespace: 'sched-0' }),
    measured: () => makePods('pod', 5_000, preferNear),
  },
  {
    name: 'SchedulingPreferredPodAntiAffinity 5000/5000',
    nodes: () => makeNodes(5_000),
    before: () => makePods('init', 5_000, { ...preferAway, namespace: 'sched-0' }),
    measured: () => makePods('pod', 5_000, preferAway),
  },
  {
    name: 'SchedulingNodeAffinity 5000/10000',
    nodes: oneZone(5_000),
    before: () => makePods('init', 5_000),
    measured: () => makePods('pod', 10_000, inZones),
  },
  {
    name: 'Preemption 5000/5000',
    nodes: () => makeNodes(5_000),
    before: () => makePods('low', 20_000, { requests: { cpu: '900m', memory: '500Mi' } }),
    measured: () => makePods('high', 5_000, { requests: { cpu: '3', memory: '500Mi' }, priority: 10 }),
  },
  {
    name: 'Unschedulable 5000/10000',
    nodes: () => makeNodes(5_000),
    before: () => makePods('large', 200, { requests: { cpu: '9', memory: '500Mi' } }),
    measured: () => makePods('pod', 10_000),
    kubeSchedulerPerSecond: 161,
    leavesWaiting: true,
  },
  {
    name: 'MixedSchedulingBasePod 5000/5000',
    nodes: oneZone(5_000),
    before: () => [
      ...makePods('base', 2_000, { namespace: 'sched-0' }),
      ...makePods('near', 2_000, { ...near, namespace: 'sched-0' }),
      ...makePods('away', 2_000, { ...away, namespace: 'sched-0' }),
      ...makePods('prefer-near', 2_000, { ...preferNear, namespace: 'sched-0' }),
      ...makePods('prefer-away', 2_000, { ...preferAway, namespace: 'sched-0' }),
    ],
    measured: () => makePods('pod', 5_000, { namespace: 'sched-1' }),
  },
];

/** A pod of one of many classes, which ask for different amounts; small, so that many fit on a node. */
export function podOfClass(name: string, number: number): Pod {
  const requests = { cpu: `${10 + (number % 40)}m`, memory: `${20 + (number % 97)}Mi` };
  return podNamed(name, { labels: { app: `app-${number}` }, requests });
}
