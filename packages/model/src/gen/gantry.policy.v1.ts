// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, DeleteOptions, LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** Asks for a pod's end unless a disruption budget forbids it: the body of the eviction subresource. */
export interface Eviction {
  /** The pod's name and namespace. */
  metadata: ObjectMeta;
  /** How to delete it. */
  deleteOptions?: DeleteOptions;
}

/** How many pods of a group may be away at once by someone's choice, such as a drain. */
export interface PodDisruptionBudget {
  apiVersion: string;
  kind: 'PodDisruptionBudget';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The pods and the limit. */
  spec?: PodDisruptionBudgetSpec;
  /** Observed state: the evictions that are allowed now. */
  status?: PodDisruptionBudgetStatus;
}

/** The pods and the limit: one of minAvailable and maxUnavailable. */
export interface PodDisruptionBudgetSpec {
  /** Pods that must stay healthy after an eviction, as a number or a percentage, rounded up. */
  minAvailable?: number | string;
  /** The pods, in the same namespace; {} is all of them, absent none. */
  selector?: LabelSelector;
  /** Pods that may be missing after an eviction, as a number or a percentage, rounded up. For pods of a controller only. */
  maxUnavailable?: number | string;
  /** When running pods that aren't ready may be evicted: "IfHealthyBudget" (default, if enough others are healthy) or "AlwaysAllow". */
  unhealthyPodEvictionPolicy?: string;
}

/** Observed state: the evictions that are allowed now. */
export interface PodDisruptionBudgetStatus {
  /** The metadata.generation that this status was made from; evictions are refused while it lags behind. */
  observedGeneration?: number;
  /** Pods whose eviction was granted but not yet seen, by name, with the time of the grant; forgotten after two minutes. */
  disruptedPods?: Record<string, string>;
  /** How many more pods may go now. */
  disruptionsAllowed?: number;
  /** Pods that are ready. */
  currentHealthy?: number;
  /** Pods that must be ready. */
  desiredHealthy?: number;
  /** Pods that there should be. */
  expectedPods?: number;
  /** Conditions: DisruptionAllowed. */
  conditions?: Condition[];
}
