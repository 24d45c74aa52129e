// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, ObjectMeta } from './gantry.meta.v1.ts';

/** Room for pods of one shape that the cluster's autoscaler keeps free, so that such pods start at once. */
export interface CapacityBuffer {
  apiVersion: string;
  kind: 'CapacityBuffer';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The room. */
  spec: CapacityBufferSpec;
  /** Observed state. */
  status?: CapacityBufferStatus;
}

/** The room: so many pods of one shape. */
export interface CapacityBufferSpec {
  /** How the room is had: "buffer.x-k8s.io/active-capacity", nodes that run, where absent. Buffers of other strategies are left to others. */
  provisioningStrategy?: string;
  /** The shape: a PodTemplate of the namespace. Either this or scalableRef. */
  podTemplateRef?: LocalObjectRef;
  /** The shape: pods of a workload of the namespace. */
  scalableRef?: ScalableRef;
  /** Number of pods. The larger of this and percentage counts, as far as it is within limits; where neither is set, as many as limits allow. */
  replicas?: number;
  /** Number of pods as a percentage of the workload's replicas, rounded up; only with scalableRef. */
  percentage?: number;
  /** Most that all of them together may ask for. */
  limits?: Record<string, string>;
}

/** Observed state of a buffer. */
export interface CapacityBufferStatus {
  /** The PodTemplate that is used. */
  podTemplateRef?: LocalObjectRef;
  /** Pods for which room is kept. */
  replicas?: number;
  /** metadata.generation of the PodTemplate. */
  podTemplateGeneration?: number;
  /** "ReadyForProvisioning": shape and number are known. "Provisioning": the autoscaler has or makes the room. */
  conditions?: Condition[];
  /** The strategy that is followed. */
  provisioningStrategy?: string;
}

/** An object of the same namespace. */
export interface LocalObjectRef {
  /** Its name. */
  name: string;
}

/** A workload of the same namespace. */
export interface ScalableRef {
  /** Its group; empty for the core group. */
  apiGroup?: string;
  /** Its kind, such as "Deployment". */
  kind: string;
  /** Its name. */
  name: string;
}
