import type { ScoreWeights } from './profiles.ts';
import type { PodRequirement, StaticRequirement } from './requirement.ts';
import type { ClusterState } from './state/cluster.ts';
import type { PodClass } from './state/pod-class.ts';

/** Changes of the cluster that may let a waiting pod through. */
export type ClusterChange =
  | 'nodeAdded'
  /** Labels of a node changed. */
  | 'nodeLabels'
  /** A node was uncordoned, or its taints changed. */
  | 'nodeTaints'
  /** The allocatable resources of a node changed. */
  | 'nodeCapacity'
  /** A pod left its node, or ended. */
  | 'podGone'
  /** A pod came to a node. */
  | 'podPlaced'
  /** A pod that was assumed to be on its node is there: it can be evicted from now on. */
  | 'podBound'
  /** More pods may be disrupted than before. */
  | 'budgetGrown'
  /** Labels of a namespace changed. */
  | 'namespaceLabels'
  /** A claim, a volume or a storage class is new, changed, or gone. */
  | 'volumes';

/** A filter made ready for one class of pods. Nodes are given by index and exist. */
export interface PreparedFilter {
  passes(node: number): boolean;
  /** Why a node does not pass, in Kubernetes' words; asked only where it does not. */
  reasons(node: number): readonly string[];
  /** True where evicting pods from a node that does not pass can make it pass. */
  helpedByPreemption(node: number): boolean;
  /** Why no node at all can take the pod, for a reason that lies with the pod. */
  readonly refusesAll?: string;
}

interface FilterBase<C> {
  /** Kubernetes' name of the plugin, shown by explanations. */
  readonly name: string;
  /** Changes that can turn a refusal of this filter. */
  readonly unblockedBy: readonly ClusterChange[];
  /** Makes it ready for a class; undefined where the class asks nothing of this filter. */
  readonly prepare: (podClass: C, cluster: ClusterState) => PreparedFilter | undefined;
}

/**
 * A filter whose verdict depends on the node's labels, taints and the like alone. Verdicts are kept until the node changes,
 * and shared by all classes of one staticKey: of the pod such a filter sees nothing but the fields of that key.
 */
export interface StaticFilter extends FilterBase<{ readonly requirement: StaticRequirement }> {
  readonly stage: 'static';
}

/** A filter whose verdict depends on the pods of the node too. It is asked anew when they come and go. */
export interface NodeFilter extends FilterBase<PodClass> {
  readonly stage: 'node';
}

/** Says which nodes may take a pod. A filter is one small file; it neither keeps state nor changes any. */
export type Filter = StaticFilter | NodeFilter;

/** A score made ready for one class: 0 (bad) to 100 (good). It must depend on this node alone. */
export type PreparedScore = (node: number) => number;

/** Says how well a node suits a pod that it may take. */
export interface Score {
  readonly name: string;
  readonly weightOf: (weights: ScoreWeights) => number;
  /** Makes it ready; undefined where all nodes are alike to the class. */
  prepare(requirement: PodRequirement, cluster: ClusterState): PreparedScore | undefined;
}

/**
 * A rule about the pods in a domain of a topology, made ready for one class: all nodes of a domain are alike to it, and
 * each placement of the class may change its verdicts.
 */
export interface TopologyRule {
  /** Domain by node; 0 for nodes without the label. */
  readonly domains: Int32Array;
  /** True where every domain is one node, so that the rule is about nodes, not about groups of them. */
  readonly perNode: boolean;
  allows(domain: number): boolean;
  /** Why a domain is not allowed, in Kubernetes' words. */
  reason(domain: number): string;
  /** True where evicting pods can make a domain that is not allowed one that is. */
  helpedByPreemption(domain: number): boolean;
  /** 0 (bad) to 100 (good), as the domain is now; 0 for rules that only forbid. */
  score(domain: number): number;
  /** A pod of the class was placed on a node. True where the verdict or score of other domains may have changed. */
  placed(node: number): boolean;
}

/** Makes the topology rules of a class. */
export interface TopologyPlugin {
  /** Kubernetes' name of the plugin. */
  readonly name: string;
  readonly unblockedBy: readonly ClusterChange[];
  /** Reads its weight from a profile's weights. */
  readonly weightOf: (weights: ScoreWeights) => number;
  /** True where its rules forbid nothing, so that they have no effect at weight 0. */
  readonly onlyPrefers?: true;
  /** The scores of the rules add up to 0 to 100. */
  prepare(podClass: PodClass, cluster: ClusterState): TopologyRule[];
}
