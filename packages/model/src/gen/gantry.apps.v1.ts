// Generated from proto/ by `npm run generate`; not edited by hand.

import type { PodTemplateSpec } from './gantry.core.v1.ts';
import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

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

/** How old pods give way to new ones. */
export interface DeploymentStrategy {
  /** "RollingUpdate" (default, step by step) or "Recreate" (end all the old ones first). */
  type?: string;
  /** Step sizes; with RollingUpdate only. */
  rollingUpdate?: RollingUpdateDeployment;
}

/** Step sizes of a rolling update; not both 0. */
export interface RollingUpdateDeployment {
  /** Pods that may be missing from replicas, as a number or a percentage, rounded down; 25% by default. */
  maxUnavailable?: number | string;
  /** Pods that may exist beyond replicas, as a number or a percentage, rounded up; 25% by default. */
  maxSurge?: number | string;
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
