import type { Amounts } from '@gantry/model/amounts.ts';
import type { GpuDemand } from '@gantry/model/gpu.ts';
import type { Requirement } from '@gantry/model/selectors.ts';

// Pods and nodes in the scheduler's own terms. Only compile/ knows Kubernetes' objects.

/** A taint of a node. */
export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Lets a pod tolerate a taint. */
export interface Toleration {
  /** Empty with Exists: every key. */
  readonly key: string;
  readonly operator: 'Equal' | 'Exists' | 'Lt' | 'Gt';
  readonly value: string;
  /** Empty: every effect. */
  readonly effect: string;
}

/** Conditions that must all hold; with none at all it matches no node. */
export interface NodeTerm {
  readonly labels: readonly Requirement[];
  /** On metadata.name. */
  readonly names: readonly Requirement[];
}

/** A node term with how much it is liked, 1 to 100. */
export interface PreferredNodeTerm {
  readonly weight: number;
  readonly term: NodeTerm;
}

/** A port of the node itself. */
export interface HostPort {
  readonly protocol: string;
  /** 0.0.0.0 for all addresses. */
  readonly ip: string;
  readonly port: number;
}

/** Selects the pods of a rule. Two selectors with the same key select the same pods. */
export interface PodSelector {
  readonly key: string;
  /** Pods that meet one of the alternatives. More than one only where a namespace selector stands beside names. */
  readonly namespaces: ReadonlySet<string>;
  /** Namespaces by their labels, beside those by name; undefined selects none, an empty list all. */
  readonly namespaceLabels: readonly Requirement[] | undefined;
  /** Undefined selects no pod, an empty list all. */
  readonly labels: readonly Requirement[] | undefined;
}

/** Pods in one domain of a topology: those near which a pod must or must not run. */
export interface PodTerm {
  /** Names the selector and the topology key. */
  readonly key: string;
  readonly selector: PodSelector;
  readonly topologyKey: string;
}

/** A pod term with how much it is liked or disliked, 1 to 100. */
export interface PreferredPodTerm {
  readonly weight: number;
  readonly term: PodTerm;
}

/** How evenly the selected pods stand over the domains of a topology. */
export interface SpreadRule {
  readonly selector: PodSelector;
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** True for DoNotSchedule, false for ScheduleAnyway. */
  readonly required: boolean;
  /** Count only on nodes that the pod's node selector and affinity allow. */
  readonly honorAffinity: boolean;
  /** Count only on nodes whose taints the pod tolerates. */
  readonly honorTaints: boolean;
}

/** The fields that a pod's staticKey is made of: pods of equal keys are alike in all of them. */
export type StaticRequirement = Pick<PodRequirement, 'nodeSelector' | 'nodeTerms' | 'nodeNames' | 'tolerations'>;

/** Requirements of an equivalence class: two pods with the same key are interchangeable to the scheduler. */
export interface PodRequirement {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requests: Amounts;
  /** Requests as scoring counts them: Kubernetes' defaults for pods without any, so that those spread too. */
  readonly scoring: { readonly cpuMilli: number; readonly memoryBytes: number };
  /** The static part (selector, affinity, tolerations): equal keys pass the same static filters. */
  readonly staticKey: string;
  readonly nodeSelector: readonly Requirement[];
  /** Alternatives; undefined where there is no required affinity. */
  readonly nodeTerms: readonly NodeTerm[] | undefined;
  /** The only nodes that the affinity leaves, where it says so by name; undefined where it does not. */
  readonly nodeNames: readonly string[] | undefined;
  readonly preferredNodeTerms: readonly PreferredNodeTerm[];
  readonly tolerations: readonly Toleration[];
  readonly hostPorts: readonly HostPort[];
  readonly spread: readonly SpreadRule[];
  /** True for a pod of a set of equal pods that has no spread rules: it is spread as the profile sees fit. */
  readonly spreadsByDefault: boolean;
  readonly affinity: readonly PodTerm[];
  readonly antiAffinity: readonly PodTerm[];
  readonly preferredAffinity: readonly PreferredPodTerm[];
  readonly preferredAntiAffinity: readonly PreferredPodTerm[];
  readonly gpu: GpuDemand | undefined;
  readonly priority: number;
  /** False where the pod's preemptionPolicy is Never. */
  readonly mayPreempt: boolean;
  readonly images: readonly string[];
  /** Keys of the claims whose volumes it mounts, as namespace/name. */
  readonly claims: readonly string[];
}

/** Whether the defragmenter may move a pod, or why not. */
export type Mobility =
  | 'movable'
  /** Its controller runs one on each node: it neither moves nor keeps a node from being free. */
  | 'onePerNode'
  /** No controller would make it anew. */
  | 'bare'
  /** It keeps data on the node that eviction would lose. */
  | 'localStorage'
  /** Its owner says so. */
  | 'forbidden'
  /** Nodes or the cluster cannot do without it. */
  | 'critical'
  /** Member of a group that is placed as a whole. */
  | 'grouped';

/** Shared by the many pods without GPU devices. */
export const noDevices: readonly number[] = [];

/** A pod as the scheduler sees it. */
export interface PodInfo {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly requirement: PodRequirement;
  readonly schedulerName: string;
  /** Node that it is bound to; empty where it waits. */
  readonly nodeName: string;
  /** GPU devices that it was given there; empty where nobody said so. */
  readonly gpuDevices: readonly number[];
  /** Names of the gates that hold it back. */
  readonly gates: readonly string[];
  readonly nominatedNodeName: string;
  /** Name of the pod group in its namespace; empty where it belongs to none. */
  readonly group: string;
  readonly mobility: Mobility;
  /** True once its end was asked for. */
  readonly terminating: boolean;
  /** True when it has succeeded or failed: it takes no room. */
  readonly finished: boolean;
  /** True when it has succeeded. */
  readonly succeeded: boolean;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly startedMs: number;
}

/** A node as the scheduler sees it. */
export interface NodeInfo {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly unschedulable: boolean;
  readonly allocatable: Amounts;
  /** Names of the images it holds, each with its size in bytes. */
  readonly images: ReadonlyMap<string, number>;
}

/** The resources that every node has. Extended ones get a dimension when they are first seen. */
export const resourceNames = { cpu: 'cpu', memory: 'memory', ephemeralStorage: 'ephemeral-storage', pods: 'pods' };
