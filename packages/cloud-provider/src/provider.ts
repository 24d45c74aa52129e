/** The words of an autoscaler and a provider of nodes, apart from how they travel. */
import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { ResourceSlice } from '@gantry/model/gen/gantry.resource.v1.ts';

/** A set of like nodes that a provider starts and ends. */
export interface NodeGroup {
  /** Never changes. */
  readonly id: string;
  /** Least number of nodes. */
  readonly minSize: number;
  /** Most nodes. */
  readonly maxSize: number;
  /** Words about the group for people. */
  readonly debug: string;
}

/** A node as far as a provider needs to know it. */
export interface ProviderNode {
  /** The provider's name of the machine: `<provider>://<identifier>`; empty where the node does not tell. */
  readonly providerID: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A machine of a group. */
export interface Instance {
  /** spec.providerID of its node. */
  readonly id: string;
  readonly state: 'unknown' | 'creating' | 'running' | 'deleting';
  /** Trouble with it; absent where there is none. */
  readonly error?: InstanceError;
}

/** Trouble with a machine. */
export interface InstanceError {
  /** `outOfResources` where the provider has no machine left: another group may help. */
  readonly kind: 'outOfResources' | 'other';
  /** The provider's own. */
  readonly code: string;
  readonly message: string;
}

/** A new and empty node of a group. */
export interface NodeTemplate {
  /** Labels, taints, capacity and allocatable; its name means nothing. */
  readonly node: Node;
  /** Devices that such a node brings. */
  readonly resourceSlices: readonly ResourceSlice[];
}

/** Settings of the autoscaler for one group. */
export interface GroupOptions {
  /** Share of requested cpu or memory below which a node may go, from 0 to 1. */
  readonly scaleDownUtilizationThreshold: number;
  /** The same of GPUs, where a node has some. */
  readonly scaleDownGpuUtilizationThreshold: number;
  /** The group has all of its nodes or none. */
  readonly zeroOrMaxNodeScaling: boolean;
  /** Pods of DaemonSets do not count as use of a node. */
  readonly ignoreDaemonSetsUtilization: boolean;
  /** A group that has all or none keeps what came where not all did. */
  readonly allowNonAtomicScaleUpToMax: boolean;
  /** Milliseconds that a node is unneeded before it may go. */
  readonly scaleDownUnneededMs: number;
  /** Milliseconds that a node is not ready before it may go. */
  readonly scaleDownUnreadyMs: number;
  /** Milliseconds that a node may take to come. */
  readonly maxNodeProvisionMs: number;
  /** Milliseconds that a node that has come may take to be ready. */
  readonly maxNodeStartupMs: number;
}

/**
 * A provider of nodes, as its author writes it. Methods throw a GantryError to refuse. Optional ones may be left out: the autoscaler
 * then does without prices, takes templates from nodes that are there, and goes by its own settings.
 */
export interface NodeProvider {
  /** All groups. */
  nodeGroups(signal: AbortSignal): Promise<readonly NodeGroup[]>;
  /** The group of a node; undefined leaves the node alone. */
  nodeGroupForNode(node: ProviderNode, signal: AbortSignal): Promise<NodeGroup | undefined>;
  /** Size that a group is to have; the number of its nodes may differ for a while. */
  targetSize(group: string, signal: AbortSignal): Promise<number>;
  /** Raises the size of a group by `count`. Resolves once the new size counts, before the nodes are there. */
  increaseSize(group: string, count: number, signal: AbortSignal): Promise<void>;
  /** Ends nodes of a group and lowers its size by as many; refuses all where one is not the group's. */
  deleteNodes(group: string, nodes: readonly ProviderNode[], signal: AbortSignal): Promise<void>;
  /** Takes back `count` nodes of an increase that are not there yet; never ends a node. */
  decreaseTargetSize(group: string, count: number, signal: AbortSignal): Promise<void>;
  /** Machines of a group, those that start or end among them. */
  instances(group: string, signal: AbortSignal): Promise<readonly Instance[]>;
  /** Said before each round of decisions. */
  refresh?(signal: AbortSignal): Promise<void>;
  /** Said before the autoscaler ends. Nodes stay. */
  cleanup?(signal: AbortSignal): Promise<void>;
  /** Label that nodes with GPUs have. */
  gpuLabel?(signal: AbortSignal): Promise<string>;
  /** Types of GPUs that there are. */
  gpuTypes?(signal: AbortSignal): Promise<readonly string[]>;
  /** A new and empty node of a group. */
  template?(group: string, signal: AbortSignal): Promise<NodeTemplate>;
  /** Settings for a group; undefined where the defaults count. */
  options?(group: string, defaults: GroupOptions, signal: AbortSignal): Promise<GroupOptions | undefined>;
  /** Least price of a node from one time to another, in milliseconds since the epoch, in the provider's own unit. */
  nodePrice?(node: ProviderNode, fromMs: number, toMs: number, signal: AbortSignal): Promise<number>;
  /** Least price of a pod on a machine that fits it exactly, likewise. */
  podPrice?(pod: Pod, fromMs: number, toMs: number, signal: AbortSignal): Promise<number>;
}
