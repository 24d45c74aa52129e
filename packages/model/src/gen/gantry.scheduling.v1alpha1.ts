// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A group of pods that start together or not at all: those of its namespace that carry the label scheduling.x-k8s.io/pod-group with its name. */
export interface PodGroup {
  apiVersion: string;
  kind: 'PodGroup';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** How many must start together. */
  spec?: PodGroupSpec;
  /** Observed state of its pods. */
  status?: PodGroupStatus;
}

/** How many must start together. */
export interface PodGroupSpec {
  /** Pods without which none is placed: they are bound in one go. 1 where absent, 500 at most. */
  minMember?: number;
  /** Least sum of their requests: while the free room of all nodes together is below it, none is placed. */
  minResources?: Record<string, string>;
  /** Seconds that room is held for the group while pods of lower priority leave its nodes; 60 where absent. It is given up after that, and the group tried again. */
  scheduleTimeoutSeconds?: number;
}

/** Observed state of a group's pods. */
export interface PodGroupStatus {
  /** "Pending" (they wait for nodes), "Scheduling" (they have nodes but don't all run), "Running", "Unknown" (some have nodes and others wait), "Finished" or "Failed". */
  phase?: string;
  /** The object that owns the group's pods, as namespace/name; empty where none does. */
  occupiedBy?: string;
  /** Pods that run. */
  running?: number;
  /** Pods that ended well. */
  succeeded?: number;
  /** Pods that failed. */
  failed?: number;
  /** When the first of its pods got a node. */
  scheduleStartTime?: string;
}
