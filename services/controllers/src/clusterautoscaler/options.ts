import type { NumberRange, Options } from '@gantry/runtime/options.ts';
import { parseChurnBudget } from './churn.ts';
import { durationMs } from './pending.ts';
import {
  type Bounds,
  type ClusterAutoscalerSettings,
  defaultClusterAutoscalerSettings,
  expanders,
} from './settings.ts';

/** Flags of Kubernetes' Cluster Autoscaler, and scale-down-budget. */
export const clusterAutoscalerOptions = [
  'cloud-config',
  'scan-interval',
  'new-pod-scale-up-delay',
  'expendable-pods-priority-cutoff',
  'expander',
  'max-nodes-total',
  'max-nodes-per-scaleup',
  'cores-total',
  'memory-total',
  'enforce-node-group-min-size',
  'max-node-provision-time',
  'max-node-startup-time',
  'initial-node-group-backoff-duration',
  'max-node-group-backoff-duration',
  'node-group-backoff-reset-timeout',
  'ok-total-unready-count',
  'max-total-unready-percentage',
  'scale-down-enabled',
  'scale-down-utilization-threshold',
  'scale-down-gpu-utilization-threshold',
  'scale-down-unneeded-time',
  'scale-down-unready-time',
  'scale-down-delay-after-add',
  'scale-down-delay-after-delete',
  'scale-down-delay-after-failure',
  'unremovable-node-recheck-timeout',
  'scale-down-non-empty-candidates-count',
  'max-scale-down-parallelism',
  'max-drain-parallelism',
  'max-graceful-termination-sec',
  'max-pod-eviction-time',
  'node-delete-delay-after-taint',
  'skip-nodes-with-local-storage',
  'skip-nodes-with-system-pods',
  'skip-nodes-with-custom-controller-pods',
  'ignore-daemonsets-utilization',
  'ignore-mirror-pods-utilization',
  'max-bulk-soft-taint-count',
  'startup-taint',
  'scale-down-budget',
] as const;

type Flag = (typeof clusterAutoscalerOptions)[number];

const share: NumberRange = { min: 0, max: 1 };
const budgetProblem = 'must be a number, a percentage, or both, and a time, such as 5/10m, 10%/1h or 10|10%/10m';
const longestMs = 30 * 24 * 3_600_000;
const gigabyte = 2 ** 30;

/** Reads single settings. */
class Reader {
  readonly given: Options<Flag>;

  constructor(given: Options<Flag>) {
    this.given = given;
  }

  duration(name: Flag, otherwise: number, shortestMs = 0): number {
    const isGood = (ms: number | undefined): boolean => ms !== undefined && ms >= shortestMs && ms <= longestMs;
    const parse = (text: string): number | undefined => (isGood(durationMs(text)) ? durationMs(text) : undefined);
    const problem = `must be a duration from ${shortestMs}ms to 720h, such as 10s or 15m0s`;
    return this.given.parsed(name, parse, problem) ?? otherwise;
  }

  bounds(name: Flag, unit: number, otherwise: Bounds): Bounds {
    const parse = (text: string): Bounds | undefined => parseBounds(text, unit);
    return this.given.parsed(name, parse, 'must be <min>:<max>, such as 0:320000') ?? otherwise;
  }

  count(name: Flag, otherwise: number, min = 0): number {
    return this.given.number(name, { min, max: 100_000, whole: true }, otherwise);
  }
}

/** Reads the settings of the cluster's autoscaler. Throws Invalid for a value that is none, naming it. */
export function readClusterAutoscalerSettings(given: Options<Flag>): ClusterAutoscalerSettings {
  const read = new Reader(given);
  const base = defaultClusterAutoscalerSettings;
  return { ...scaleUp(read, base), ...scaleDown(read, base), ...pods(read, base), group: group(read, base.group) };
}

type Base = ClusterAutoscalerSettings;

function scaleUp(read: Reader, base: Base) {
  return {
    scanIntervalMs: read.duration('scan-interval', base.scanIntervalMs, 100),
    newPodScaleUpDelayMs: read.duration('new-pod-scale-up-delay', base.newPodScaleUpDelayMs),
    expander: read.given.oneOf('expander', expanders, base.expander),
    maxNodesTotal: read.count('max-nodes-total', base.maxNodesTotal),
    maxNodesPerScaleUp: read.count('max-nodes-per-scaleup', base.maxNodesPerScaleUp, 1),
    cores: read.bounds('cores-total', 1, base.cores),
    memory: read.bounds('memory-total', gigabyte, base.memory),
    enforceNodeGroupMinSize: read.given.switch('enforce-node-group-min-size', base.enforceNodeGroupMinSize),
    initialNodeGroupBackoffMs: read.duration('initial-node-group-backoff-duration', base.initialNodeGroupBackoffMs),
    maxNodeGroupBackoffMs: read.duration('max-node-group-backoff-duration', base.maxNodeGroupBackoffMs),
    nodeGroupBackoffResetMs: read.duration('node-group-backoff-reset-timeout', base.nodeGroupBackoffResetMs),
    okTotalUnreadyCount: read.count('ok-total-unready-count', base.okTotalUnreadyCount),
    maxTotalUnreadyPercentage: read.given.number(
      'max-total-unready-percentage',
      { min: 0, max: 100 },
      base.maxTotalUnreadyPercentage,
    ),
    startupTaints: read.given.list('startup-taint'),
  };
}

function scaleDown(read: Reader, base: Base) {
  return {
    scaleDownEnabled: read.given.switch('scale-down-enabled', base.scaleDownEnabled),
    scaleDownDelayAfterAddMs: read.duration('scale-down-delay-after-add', base.scaleDownDelayAfterAddMs),
    scaleDownDelayAfterDeleteMs: read.duration('scale-down-delay-after-delete', base.scaleDownDelayAfterDeleteMs),
    scaleDownDelayAfterFailureMs: read.duration('scale-down-delay-after-failure', base.scaleDownDelayAfterFailureMs),
    unremovableNodeRecheckMs: read.duration('unremovable-node-recheck-timeout', base.unremovableNodeRecheckMs),
    scaleDownNonEmptyCandidates: read.count('scale-down-non-empty-candidates-count', base.scaleDownNonEmptyCandidates),
    maxScaleDownParallelism: read.count('max-scale-down-parallelism', base.maxScaleDownParallelism),
    maxDrainParallelism: read.count('max-drain-parallelism', base.maxDrainParallelism),
    maxGracefulTerminationSeconds: read.count('max-graceful-termination-sec', base.maxGracefulTerminationSeconds),
    maxPodEvictionMs: read.duration('max-pod-eviction-time', base.maxPodEvictionMs),
    nodeDeleteDelayAfterTaintMs: read.duration('node-delete-delay-after-taint', base.nodeDeleteDelayAfterTaintMs),
    maxBulkSoftTaintCount: read.count('max-bulk-soft-taint-count', base.maxBulkSoftTaintCount),
    scaleDownBudget: read.given.parsed('scale-down-budget', parseChurnBudget, budgetProblem) ?? base.scaleDownBudget,
  };
}

function pods(read: Reader, base: Base) {
  const cutoff = { min: -(2 ** 31), max: 2 ** 31 - 1, whole: true };
  const { given } = read;
  return {
    expendablePodsPriorityCutoff: given.number(
      'expendable-pods-priority-cutoff',
      cutoff,
      base.expendablePodsPriorityCutoff,
    ),
    skipNodesWithLocalStorage: given.switch('skip-nodes-with-local-storage', base.skipNodesWithLocalStorage),
    skipNodesWithSystemPods: given.switch('skip-nodes-with-system-pods', base.skipNodesWithSystemPods),
    skipNodesWithCustomControllerPods: given.switch(
      'skip-nodes-with-custom-controller-pods',
      base.skipNodesWithCustomControllerPods,
    ),
    ignoreMirrorPodsUtilization: given.switch('ignore-mirror-pods-utilization', base.ignoreMirrorPodsUtilization),
  };
}

function group(read: Reader, base: Base['group']): Base['group'] {
  const { given } = read;
  const ofUse = given.number('scale-down-utilization-threshold', share, base.scaleDownUtilizationThreshold);
  const ofDevices = given.number('scale-down-gpu-utilization-threshold', share, base.scaleDownGpuUtilizationThreshold);
  return {
    ...base,
    scaleDownUtilizationThreshold: ofUse,
    scaleDownGpuUtilizationThreshold: ofDevices,
    ignoreDaemonSetsUtilization: given.switch('ignore-daemonsets-utilization', base.ignoreDaemonSetsUtilization),
    scaleDownUnneededMs: read.duration('scale-down-unneeded-time', base.scaleDownUnneededMs),
    scaleDownUnreadyMs: read.duration('scale-down-unready-time', base.scaleDownUnreadyMs),
    maxNodeProvisionMs: read.duration('max-node-provision-time', base.maxNodeProvisionMs),
    maxNodeStartupMs: read.duration('max-node-startup-time', base.maxNodeStartupMs),
  };
}

function parseBounds(text: string, unit: number): Bounds | undefined {
  const match = /^(\d{1,12}):(\d{1,12})$/.exec(text);
  if (match === null) return undefined;
  const [min, max] = [Number(match[1]) * unit, Number(match[2]) * unit];
  return min <= max ? { min, max } : undefined;
}
