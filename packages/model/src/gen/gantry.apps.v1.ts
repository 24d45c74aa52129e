// Generated from proto/ by `npm run generate`; not edited by hand.

import type { PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, PodTemplateSpec } from './gantry.core.v1.ts';
import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** A snapshot of a part of an object, such as a template, that its controller can go back to. */
export interface ControllerRevision {
  apiVersion: string;
  kind: 'ControllerRevision';
  /** Identity and labels; owned by the object that it is a snapshot of. */
  metadata: ObjectMeta;
  /** The snapshot. Fixed after creation. */
  data?: unknown;
  /** Order among the snapshots of one object. */
  revision?: number;
}

/** One pod on every node that the template fits. */
export interface DaemonSet {
  apiVersion: string;
  kind: 'DaemonSet';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the pods. */
  spec: DaemonSetSpec;
  /** Observed state. */
  status?: DaemonSetStatus;
}

/** One observed aspect of a DaemonSet. */
export interface DaemonSetCondition {
  /** Type of the condition; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired state: the pods. */
export interface DaemonSetSpec {
  /** The pods that belong to it; must match the template's labels, and is fixed after creation. */
  selector: LabelSelector;
  /** The pods, one on each node that their nodeSelector and affinity allow. The only restartPolicy allowed is Always. */
  template: PodTemplateSpec;
  /** How old pods give way to new ones. */
  updateStrategy?: DaemonSetUpdateStrategy;
  /** Seconds that a new pod must stay ready to count as available; 0 by default. */
  minReadySeconds?: number;
  /** Old revisions kept for going back; 10 by default. */
  revisionHistoryLimit?: number;
}

/** The pods of a DaemonSet, counted by nodes. */
export interface DaemonSetStatus {
  /** Nodes that run a pod and should. */
  currentNumberScheduled?: number;
  /** Nodes that run a pod and should not. */
  numberMisscheduled?: number;
  /** Nodes that should run a pod. */
  desiredNumberScheduled?: number;
  /** Nodes that should run a pod and have one that is ready. */
  numberReady?: number;
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Nodes with a pod of the newest template. */
  updatedNumberScheduled?: number;
  /** Nodes with a pod that has been ready for minReadySeconds. */
  numberAvailable?: number;
  /** Nodes that should have such a pod and do not. */
  numberUnavailable?: number;
  /** Collisions of names of revisions so far. */
  collisionCount?: number;
  /** Conditions. */
  conditions?: DaemonSetCondition[];
}

/** How old pods give way to new ones. */
export interface DaemonSetUpdateStrategy {
  /** "RollingUpdate" (default) or "OnDelete" (a pod is new once somebody deleted the old one). */
  type?: string;
  /** Step sizes; with RollingUpdate only. */
  rollingUpdate?: RollingUpdateDaemonSet;
}

/** A set of equal pods, of which a new version is rolled out in steps. It works through one ReplicaSet a version. */
export interface Deployment {
  apiVersion: string;
  kind: 'Deployment';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the pods to run, their number, and the strategy of a change. */
  spec: DeploymentSpec;
  /** How far that is. */
  status?: DeploymentStatus;
}

/** One observed aspect of a deployment. */
export interface DeploymentCondition {
  /** Type of the condition, such as "Progressing"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When the condition was last written. */
  lastUpdateTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "ProgressDeadlineExceeded". */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired state: the pods to run, their number, and the strategy of a change. */
export interface DeploymentSpec {
  /** How many pods; 1 by default. */
  replicas?: number;
  /** The pods that belong to it; must match the template's labels, and is fixed after creation. */
  selector: LabelSelector;
  /** The pods. A change of it is a new version and starts a rollout. The only restartPolicy allowed is Always. */
  template: PodTemplateSpec;
  /** How old pods give way to new ones. */
  strategy?: DeploymentStrategy;
  /** Seconds that a new pod must stay ready to count as available; 0 by default. */
  minReadySeconds?: number;
  /** Old ReplicaSets kept for going back; 10 by default. */
  revisionHistoryLimit?: number;
  /** Hold rollouts back; scaling goes on. False by default. */
  paused?: boolean;
  /** Seconds without progress after which the Progressing condition says so; 600 by default, more than minReadySeconds. The rollout goes on. */
  progressDeadlineSeconds?: number;
}

/** How far a deployment is. Counts leave out pods that are being deleted. */
export interface DeploymentStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Pods of all versions. */
  replicas?: number;
  /** Pods of the newest version. */
  updatedReplicas?: number;
  /** Pods that are ready. */
  readyReplicas?: number;
  /** Pods that have been ready for minReadySeconds. */
  availableReplicas?: number;
  /** Pods still missing from full availability, not made or not available yet. */
  unavailableReplicas?: number;
  /** Pods that are being deleted and haven't ended. */
  terminatingReplicas?: number;
  /** Conditions: Available, Progressing, ReplicaFailure. */
  conditions?: DeploymentCondition[];
  /** Collisions of names so far; part of the hash that names the next ReplicaSet. */
  collisionCount?: number;
}

/** How old pods give way to new ones. */
export interface DeploymentStrategy {
  /** "RollingUpdate" (default, step by step) or "Recreate" (end all the old ones first). */
  type?: string;
  /** Step sizes; with RollingUpdate only. */
  rollingUpdate?: RollingUpdateDeployment;
}

/** A number of equal pods that is kept up. Mostly made by a Deployment. */
export interface ReplicaSet {
  apiVersion: string;
  kind: 'ReplicaSet';
  /** Identity and labels; the template's labels where it has none. */
  metadata: ObjectMeta;
  /** Desired state: the pods to run, and their number. */
  spec: ReplicaSetSpec;
  /** Observed state. */
  status?: ReplicaSetStatus;
}

/** One observed aspect of a ReplicaSet. */
export interface ReplicaSetCondition {
  /** Type of the condition, such as "ReplicaFailure"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "FailedCreate". */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Desired state: the pods to run, and their number. */
export interface ReplicaSetSpec {
  /** How many pods; 1 by default. */
  replicas?: number;
  /** Seconds that a new pod must stay ready to count as available; 0 by default. */
  minReadySeconds?: number;
  /** The pods that belong to it; must match the template's labels, and is fixed after creation. */
  selector: LabelSelector;
  /** The pods that are made when some are missing; a change leaves those that exist alone. */
  template: PodTemplateSpec;
}

/** The pods of a ReplicaSet. Counts leave out pods that are being deleted. */
export interface ReplicaSetStatus {
  /** Pods. */
  replicas?: number;
  /** Pods that have all labels of the template. */
  fullyLabeledReplicas?: number;
  /** Pods that are ready. */
  readyReplicas?: number;
  /** Pods that have been ready for minReadySeconds. */
  availableReplicas?: number;
  /** Pods that are being deleted and haven't ended. */
  terminatingReplicas?: number;
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Conditions: ReplicaFailure. */
  conditions?: ReplicaSetCondition[];
}

/** Step sizes of a rolling update; one of them is 0, and not both. */
export interface RollingUpdateDaemonSet {
  /** Nodes that may be without an available pod at once, as a number or a percentage, rounded up; 1 by default. */
  maxUnavailable?: number | string;
  /** Nodes that may have an old and a new pod at once, as a number or a percentage, rounded up; 0 by default. */
  maxSurge?: number | string;
}

/** Step sizes of a rolling update; not both 0. */
export interface RollingUpdateDeployment {
  /** Pods that may be missing from replicas, as a number or a percentage, rounded down; 25% by default. */
  maxUnavailable?: number | string;
  /** Pods that may exist beyond replicas, as a number or a percentage, rounded up; 25% by default. */
  maxSurge?: number | string;
}

/** Step sizes of a rolling update. */
export interface RollingUpdateStatefulSetStrategy {
  /** Pods with a lower number stay as they are; 0 by default. */
  partition?: number;
  /** Pods that may be missing at once, as a number or a percentage of replicas, rounded up; 1 by default, and not 0. */
  maxUnavailable?: number | string;
}

/** Pods with lasting names (web-0, web-1, …), each with claims of its own. */
export interface StatefulSet {
  apiVersion: string;
  kind: 'StatefulSet';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the pods, their number and their storage. */
  spec: StatefulSetSpec;
  /** Observed state. */
  status?: StatefulSetStatus;
}

/** One observed aspect of a StatefulSet. */
export interface StatefulSetCondition {
  /** Type of the condition; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why. */
  reason?: string;
  /** Why, for people. */
  message?: string;
}

/** Numbers in the pods' names. */
export interface StatefulSetOrdinals {
  /** The first number; 0 by default. */
  start?: number;
}

/** Claims that are deleted, and when: each "Retain" (default) or "Delete". */
export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  /** When the StatefulSet is deleted. */
  whenDeleted?: string;
  /** When a pod goes as replicas become fewer. */
  whenScaled?: string;
}

/** Desired state: the pods, their number and their storage. */
export interface StatefulSetSpec {
  /** How many pods; 1 by default. */
  replicas?: number;
  /** The pods that belong to it; must match the template's labels, and is fixed after creation. */
  selector: LabelSelector;
  /** The pods. A change of it is rolled out by updateStrategy. The only restartPolicy allowed is Always. */
  template: PodTemplateSpec;
  /** Claims that each pod gets, named CLAIM-POD; one in the place of a volume of the same name. Fixed after creation. */
  volumeClaimTemplates?: VolumeClaimTemplate[];
  /** The headless Service that gives the pods their DNS names. Fixed after creation. */
  serviceName?: string;
  /** "OrderedReady" (default: one pod after another, each once the one before is ready) or "Parallel". Fixed after creation. */
  podManagementPolicy?: string;
  /** How old pods give way to new ones. */
  updateStrategy?: StatefulSetUpdateStrategy;
  /** Old revisions kept for going back; 10 by default. */
  revisionHistoryLimit?: number;
  /** Seconds that a new pod must stay ready to count as available; 0 by default. */
  minReadySeconds?: number;
  /** Claims that are deleted, and when; none by default. */
  persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy;
  /** Numbers in the pods' names; from 0 on by default. */
  ordinals?: StatefulSetOrdinals;
}

/** The pods of a StatefulSet. */
export interface StatefulSetStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Pods. */
  replicas?: number;
  /** Pods that are ready. */
  readyReplicas?: number;
  /** Pods of the current revision. */
  currentReplicas?: number;
  /** Pods of the newest revision. */
  updatedReplicas?: number;
  /** Revision of the pods that are not updated yet. */
  currentRevision?: string;
  /** Revision of the pods that are. */
  updateRevision?: string;
  /** Collisions of names of revisions so far. */
  collisionCount?: number;
  /** Conditions. */
  conditions?: StatefulSetCondition[];
  /** Pods that have been ready for minReadySeconds. */
  availableReplicas?: number;
}

/** How old pods give way to new ones. */
export interface StatefulSetUpdateStrategy {
  /** "RollingUpdate" (default, from the highest number down) or "OnDelete" (a pod is new once somebody deleted the old one). */
  type?: string;
  /** Step sizes; with RollingUpdate only. */
  rollingUpdate?: RollingUpdateStatefulSetStrategy;
}

/** A claim that each pod gets: as JSON, a PersistentVolumeClaim with its kind. */
export interface VolumeClaimTemplate {
  /** Name, labels and annotations of the claims; their own name adds that of the pod. */
  metadata?: Partial<ObjectMeta>;
  /** Desired volumes. */
  spec: PersistentVolumeClaimSpec;
  /** Says nothing in a template. */
  status?: PersistentVolumeClaimStatus;
  /** "PersistentVolumeClaim", which is set where it is absent. Kubernetes' protobuf leaves it out. */
  kind?: string;
  /** "v1", which is set where it is absent. Kubernetes' protobuf leaves it out. */
  apiVersion?: string;
}
