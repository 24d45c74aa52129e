import type { Eviction } from './preempt/nominations.ts';
import type { QueuedPod } from './queue/scheduling-queue.ts';

// Results of a scheduling cycle.

/** A decision: a pod is assumed to be on a node from now on. */
export interface Placement {
  readonly entry: QueuedPod;
  readonly nodeName: string;
  /** Key of the gang as a whole with which it is to be bound, or not at all. */
  readonly gang?: string;
}

/** A pod that stays without a node, and why. */
export interface Waiting {
  readonly entry: QueuedPod;
  readonly reason: 'Unschedulable' | 'SchedulingGated';
  readonly message: string;
  /** Node on which room is being made; empty where none is. */
  readonly nominatedNodeName: string;
}

/** The result of a cycle. */
export interface CycleResult {
  readonly placements: readonly Placement[];
  /** Pods to evict for others. */
  readonly evictions: readonly Eviction[];
  /** Pods of which there is something new to say. */
  readonly waiting: readonly Waiting[];
  /** Pods that were looked at. */
  readonly tried: number;
  /** Exceptions; the pods concerned are retried after a backoff. */
  readonly failures: readonly unknown[];
}

/** A cycle's result while it is being made. */
export interface Decisions {
  readonly placements: Placement[];
  readonly evictions: Eviction[];
  readonly waiting: Waiting[];
  tried: number;
  readonly failures: unknown[];
}
