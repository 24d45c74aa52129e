import type {
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '@gantry/model/gen/gantry.core.v1.ts';
import type { LabelSelector } from '@gantry/model/gen/gantry.meta.v1.ts';
import * as fc from 'fast-check';
import type { NodeFields, PodFields } from './builders.ts';

// Random clusters in which rules meet: few labels, few values, small nodes.

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const mebibyte = 1024 * 1024;

const taint = fc.record({
  key: fc.constantFrom('dedicated', 'gpu'),
  value: fc.constantFrom('', 'a', '3'),
  effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
});

/** Nodes of a small cluster. */
export const arbitraryNodes: fc.Arbitrary<NodeFields[]> = fc.array(
  fc
    .record({
      cpu: fc.constantFrom('1', '2', '4'),
      memory: fc.constantFrom('2Gi', '4Gi'),
      pods: fc.constantFrom('2', '5', '110'),
      zone: fc.option(fc.constantFrom('z1', 'z2', 'z3'), { nil: undefined, freq: 6 }),
      disk: fc.option(fc.constantFrom('ssd', 'hdd', '7'), { nil: undefined }),
      devices: fc.option(fc.constantFrom('1', '4'), { nil: undefined }),
      gpus: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined }),
      taints: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(taint, { maxLength: 2 })),
      images: fc.oneof(
        { weight: 3, arbitrary: fc.constant<Record<string, number>>({}) },
        fc.constantFrom<Record<string, number>>(
          { 'pause:3': 10 },
          { 'large:latest': 700 * mebibyte, 'pause:3': 90 * mebibyte },
        ),
      ),
      unschedulable: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    })
    .map(({ zone: zoneName, disk, devices, gpus, ...fields }) => ({
      ...fields,
      labels: { ...(zoneName ? { [zone]: zoneName } : {}), ...(disk ? { disk } : {}) },
      extended: {
        ...(devices ? { 'example.com/device': devices } : {}),
        ...(gpus ? { 'nvidia.com/gpu': `${gpus}`, 'gantry.dev/gpu-milli': `${gpus * 1_000}` } : {}),
      },
    })),
  { minLength: 1, maxLength: 7 },
);

const app = fc.constantFrom('web', 'db');
const selector: fc.Arbitrary<LabelSelector> = fc.oneof(
  app.map((value) => ({ matchLabels: { app: value } })),
  fc.constantFrom<LabelSelector>(
    {},
    { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
    { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
    { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
  ),
);
const topologyKey = fc.constantFrom(zone, host, 'disk');

const podTerm: fc.Arbitrary<PodAffinityTerm> = fc.record(
  {
    labelSelector: selector,
    topologyKey,
    namespaces: fc.constantFrom(['other'], ['default', 'other']),
    namespaceSelector: fc.constant({}),
    matchLabelKeys: fc.constant(['app']),
    mismatchLabelKeys: fc.constant(['tier']),
  },
  { requiredKeys: ['labelSelector', 'topologyKey'] },
);
const podTerms = fc.array(podTerm, { minLength: 1, maxLength: 2 });
const weightedPodTerms = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), podAffinityTerm: podTerm }), {
  minLength: 1,
  maxLength: 2,
});

const nodeTerm: fc.Arbitrary<NodeSelectorTerm> = fc.oneof(
  fc.constantFrom<NodeSelectorTerm>(
    { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] }] },
    { matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['ssd'] }] },
    { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
    { matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' }] },
    { matchExpressions: [{ key: 'disk', operator: 'Gt', values: ['6'] }] },
    { matchExpressions: [{ key: 'disk', operator: 'Lt', values: ['6'] }] },
    {},
  ),
  fc.integer({ min: 0, max: 6 }).map((index) => ({
    matchFields: [{ key: 'metadata.name', operator: index % 2 === 0 ? 'In' : 'NotIn', values: [`n${index}`] }],
  })),
);

const spread: fc.Arbitrary<TopologySpreadConstraint> = fc.record(
  {
    maxSkew: fc.integer({ min: 1, max: 2 }),
    topologyKey,
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: selector,
    minDomains: fc.integer({ min: 1, max: 4 }),
    nodeAffinityPolicy: fc.constantFrom('Honor', 'Ignore'),
    nodeTaintsPolicy: fc.constantFrom('Honor', 'Ignore'),
    matchLabelKeys: fc.constant(['app']),
  },
  { requiredKeys: ['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'labelSelector'] },
);

const toleration: fc.Arbitrary<Toleration> = fc.record(
  {
    key: fc.constantFrom('dedicated', 'gpu', 'node.kubernetes.io/unschedulable'),
    operator: fc.constantFrom('Exists', 'Equal', 'Lt', 'Gt'),
    value: fc.constantFrom('', 'a', '5'),
    effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule'),
  },
  { requiredKeys: ['key'] },
);

/** Undefined more often than not: pods with all rules at once fit nowhere. */
function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 1 });
}

const gpuRequest = fc.constantFrom<Record<string, string>>(
  { 'gantry.dev/gpu-milli': '300' },
  { 'gantry.dev/gpu-milli': '700' },
  { 'nvidia.com/gpu': '1' },
  { 'nvidia.com/gpu': '2' },
);

const podFields: fc.Arbitrary<PodFields> = fc
  .record({
    namespace: fc.constantFrom('default', 'other'),
    labels: fc.oneof(
      app.map((value): Record<string, string> => ({ app: value })),
      app.map((value): Record<string, string> => ({ app: value, tier: value })),
      fc.constant<Record<string, string>>({}),
    ),
    cpu: fc.constantFrom('0', '200m', '700m'),
    memory: fc.constantFrom('0', '300Mi', '1Gi'),
    devices: seldom(fc.constantFrom('1', '2')),
    gpu: seldom(gpuRequest),
    port: seldom(fc.constantFrom(80, 443)),
    image: fc.constantFrom('pause:3', 'large'),
    overhead: seldom(fc.constant({ cpu: '150m' })),
    hostIP: fc.constantFrom('', '10.0.0.1'),
    nodeSelector: seldom(fc.constantFrom<Record<string, string>>({ disk: 'ssd' }, { [zone]: 'z1' })),
    required: seldom(fc.array(nodeTerm, { minLength: 1, maxLength: 2 })),
    preferred: seldom(
      fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), preference: nodeTerm }), {
        minLength: 1,
        maxLength: 2,
      }),
    ),
    near: seldom(podTerms),
    away: seldom(podTerms),
    nearIfPossible: seldom(weightedPodTerms),
    awayIfPossible: seldom(weightedPodTerms),
    tolerations: fc.array(toleration, { maxLength: 2 }),
    spread: fc.oneof(
      { weight: 2, arbitrary: fc.constant<TopologySpreadConstraint[]>([]) },
      fc.array(spread, { maxLength: 2 }),
    ),
    owner: seldom(fc.constant('ReplicaSet')),
    priority: fc.constantFrom(0, 0, 0, 10),
    schedulerName: fc.constantFrom('default-scheduler', 'binpack', 'gpu'),
  })
  .map((all) => ({
    namespace: all.namespace,
    labels: all.labels,
    priority: all.priority,
    schedulerName: all.schedulerName,
    tolerations: all.tolerations,
    topologySpreadConstraints: all.spread,
    ...(all.owner ? { owner: all.owner } : {}),
    ...(all.nodeSelector ? { nodeSelector: all.nodeSelector } : {}),
    ...(all.overhead ? { overhead: all.overhead } : {}),
    containers: [
      {
        name: 'main',
        image: all.image,
        resources: {
          requests: {
            cpu: all.cpu,
            memory: all.memory,
            ...(all.devices ? { 'example.com/device': all.devices } : {}),
            ...all.gpu,
          },
        },
        ports: all.port ? [{ containerPort: all.port, hostPort: all.port, hostIP: all.hostIP }] : [],
      },
    ],
    affinity: {
      nodeAffinity: {
        ...(all.required
          ? { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: all.required } }
          : {}),
        ...(all.preferred ? { preferredDuringSchedulingIgnoredDuringExecution: all.preferred } : {}),
      },
      podAffinity: {
        ...(all.near ? { requiredDuringSchedulingIgnoredDuringExecution: all.near } : {}),
        ...(all.nearIfPossible ? { preferredDuringSchedulingIgnoredDuringExecution: all.nearIfPossible } : {}),
      },
      podAntiAffinity: {
        ...(all.away ? { requiredDuringSchedulingIgnoredDuringExecution: all.away } : {}),
        ...(all.awayIfPossible ? { preferredDuringSchedulingIgnoredDuringExecution: all.awayIfPossible } : {}),
      },
    },
  }));

/** Pods that often come several of a kind, so that batches of one class arise. */
export const arbitraryPods: fc.Arbitrary<PodFields[]> = fc
  .array(fc.tuple(podFields, fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 6 })
  .map((kinds) => kinds.flatMap(([fields, count]) => Array.from({ length: count }, () => fields)));
