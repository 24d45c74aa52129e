// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** Names an object in the same namespace by its kind. */
export interface CrossVersionObjectReference {
  /** Kind, such as "Deployment". */
  kind: string;
  /** Name. */
  name: string;
  /** Group and version, such as "apps/v1". */
  apiVersion?: string;
}

/** Sets the replicas of a scalable object so that their use of CPU comes near a target. Other metrics, and what else autoscaling/v2 has, stand in annotations as JSON. */
export interface HorizontalPodAutoscaler {
  apiVersion: string;
  kind: 'HorizontalPodAutoscaler';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the object, its bounds and the target. */
  spec: HorizontalPodAutoscalerSpec;
  /** Observed state. */
  status?: HorizontalPodAutoscalerStatus;
}

/** Desired state: the object, its bounds and the target. */
export interface HorizontalPodAutoscalerSpec {
  /** The object whose replicas are set; it has the scale subresource. */
  scaleTargetRef: CrossVersionObjectReference;
  /** Fewest replicas; 1 by default. 0 needs an Object or External metric. */
  minReplicas?: number;
  /** Most replicas; at least 1, and no fewer than minReplicas. */
  maxReplicas?: number;
  /** Target of the average use of CPU over all pods, in percent of what they request; 80 by default, where there is no other metric. */
  targetCPUUtilizationPercentage?: number;
}

/** Observed state. */
export interface HorizontalPodAutoscalerStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** When the replicas were last changed. */
  lastScaleTime?: string;
  /** Replicas as last seen. */
  currentReplicas?: number;
  /** Replicas as last computed. */
  desiredReplicas?: number;
  /** Average use of CPU over all pods as last read, in percent of what they request. */
  currentCPUUtilizationPercentage?: number;
}

/** The replica count of any scalable kind: the scale subresource. */
export interface Scale {
  /** Identity of the scaled object, with its resourceVersion. */
  metadata: ObjectMeta;
  /** Desired state. */
  spec?: ScaleSpec;
  /** Observed state. */
  status?: ScaleStatus;
}

/** Desired state. */
export interface ScaleSpec {
  /** How many pods. */
  replicas?: number;
}

/** Observed state. */
export interface ScaleStatus {
  /** How many pods there are. */
  replicas?: number;
  /** The pods' selector, in the text form of a query, such as "app=web". */
  selector?: string;
}
