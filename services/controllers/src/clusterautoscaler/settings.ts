import type { GroupOptions } from '@gantry/cloud-provider/provider.ts';
import type { ChurnBudget } from './churn.ts';

/** Rules by which the nodes that are added are chosen. */
export type Expander =
  /** The cheapest mix of all groups together. */
  | 'least-cost'
  /** One group: that of which least is left over. */
  | 'least-waste'
  /** One group: that whose nodes serve most pods. */
  | 'most-pods'
  /** One group: the cheapest. */
  | 'price'
  /** One group: any that helps. */
  | 'random';

export const expanders: readonly Expander[] = ['least-cost', 'least-waste', 'most-pods', 'price', 'random'];

/** Least and most of a resource in the whole cluster. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Settings, in the words of the flags of Kubernetes' Cluster Autoscaler. */
export interface ClusterAutoscalerSettings {
  /** Milliseconds between looks while nothing calls for an earlier one. */
  readonly scanIntervalMs: number;
  /** Milliseconds that a pod must have waited before nodes are added for it. */
  readonly newPodScaleUpDelayMs: number;
  /** Pods of a lower priority call for no nodes, and hold none. */
  readonly expendablePodsPriorityCutoff: number;
  readonly expander: Expander;
  /** All nodes of the cluster, at most; unbounded where 0. */
  readonly maxNodesTotal: number;
  /** Nodes that one decision adds, at most. */
  readonly maxNodesPerScaleUp: number;
  readonly cores: Bounds;
  /** Bytes. */
  readonly memory: Bounds;
  readonly enforceNodeGroupMinSize: boolean;
  /** Defaults of what providers may set for each group. */
  readonly group: GroupOptions;
  readonly initialNodeGroupBackoffMs: number;
  readonly maxNodeGroupBackoffMs: number;
  readonly nodeGroupBackoffResetMs: number;
  readonly okTotalUnreadyCount: number;
  /** 0 to 100. */
  readonly maxTotalUnreadyPercentage: number;
  readonly scaleDownEnabled: boolean;
  readonly scaleDownDelayAfterAddMs: number;
  readonly scaleDownDelayAfterDeleteMs: number;
  readonly scaleDownDelayAfterFailureMs: number;
  readonly unremovableNodeRecheckMs: number;
  /** Nodes with pods that are looked at in one round, at most. */
  readonly scaleDownNonEmptyCandidates: number;
  /** Nodes that leave at a time, at most. */
  readonly maxScaleDownParallelism: number;
  /** Nodes among them that have pods to be moved, at most. */
  readonly maxDrainParallelism: number;
  readonly maxGracefulTerminationSeconds: number;
  readonly maxPodEvictionMs: number;
  /** Milliseconds between the taint of a node and its end: a pod that was being bound meanwhile is seen. */
  readonly nodeDeleteDelayAfterTaintMs: number;
  readonly skipNodesWithLocalStorage: boolean;
  readonly skipNodesWithSystemPods: boolean;
  readonly skipNodesWithCustomControllerPods: boolean;
  readonly ignoreMirrorPodsUtilization: boolean;
  /** Nodes that get or lose the soft taint of candidates in one round, at most. */
  readonly maxBulkSoftTaintCount: number;
  /** Keys of taints that new nodes have until something on them is ready; those with the usual prefixes count anyway. */
  readonly startupTaints: readonly string[];
  /** Nodes that may be removed in a time. */
  readonly scaleDownBudget: ChurnBudget;
}

const seconds = 1_000;
const minutes = 60 * seconds;

/**
 * Defaults of Kubernetes' Cluster Autoscaler, but for: the expander; nodes that are drained in parallel, of which it allows one;
 * and a budget on churn, which it lacks.
 */
export const defaultClusterAutoscalerSettings: ClusterAutoscalerSettings = {
  scanIntervalMs: 10 * seconds,
  newPodScaleUpDelayMs: 0,
  expendablePodsPriorityCutoff: -10,
  expander: 'least-cost',
  maxNodesTotal: 0,
  maxNodesPerScaleUp: 1_000,
  cores: { min: 0, max: 320_000 },
  memory: { min: 0, max: 6_400_000 * 2 ** 30 },
  enforceNodeGroupMinSize: false,
  group: {
    scaleDownUtilizationThreshold: 0.5,
    scaleDownGpuUtilizationThreshold: 0.5,
    zeroOrMaxNodeScaling: false,
    ignoreDaemonSetsUtilization: false,
    allowNonAtomicScaleUpToMax: false,
    scaleDownUnneededMs: 10 * minutes,
    scaleDownUnreadyMs: 20 * minutes,
    maxNodeProvisionMs: 15 * minutes,
    maxNodeStartupMs: 15 * minutes,
  },
  initialNodeGroupBackoffMs: 5 * minutes,
  maxNodeGroupBackoffMs: 30 * minutes,
  nodeGroupBackoffResetMs: 180 * minutes,
  okTotalUnreadyCount: 3,
  maxTotalUnreadyPercentage: 45,
  scaleDownEnabled: true,
  scaleDownDelayAfterAddMs: 10 * minutes,
  scaleDownDelayAfterDeleteMs: 0,
  scaleDownDelayAfterFailureMs: 3 * minutes,
  unremovableNodeRecheckMs: 5 * minutes,
  scaleDownNonEmptyCandidates: 30,
  maxScaleDownParallelism: 10,
  maxDrainParallelism: 10,
  maxGracefulTerminationSeconds: 600,
  maxPodEvictionMs: 2 * minutes,
  nodeDeleteDelayAfterTaintMs: 5 * seconds,
  skipNodesWithLocalStorage: true,
  skipNodesWithSystemPods: true,
  skipNodesWithCustomControllerPods: true,
  ignoreMirrorPodsUtilization: false,
  maxBulkSoftTaintCount: 10,
  startupTaints: [],
  scaleDownBudget: { nodes: 10, percent: 10, periodMs: 10 * minutes },
};
