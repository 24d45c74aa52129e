import type { GpuDemand } from '@gantry/model/gpu.ts';
import type { Mobility, PodRequirement } from '../requirement.ts';
import type { DomainCount } from './domain-count.ts';

/** State of a pod in the scheduler. */
export type PodState =
  /** Waits for a node. */
  | 'pending'
  /** Was given a node by us; the api has not said so yet. */
  | 'assumed'
  /** The api says that it is on its node. */
  | 'bound'
  /** Waits, and holds the room on a node that pods on their way out will leave to it. */
  | 'nominated'
  /** Was forgotten; whoever still holds the record, such as a binding under way, changes nothing any more. */
  | 'gone';

/** A pod that the scheduler knows. It is a member of its class's list and, on a node, of the node's. */
export interface PodRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly class: PodClass;
  mobility: Mobility;
  /** Index of its node; -1 where it has none. */
  node: number;
  state: PodState;
  terminating: boolean;
  /** Its eviction was decided, and was not refused so far. */
  evicting: boolean;
  /** GPU devices that it has on its node, or had on its last one; empty where it asks for none, or nobody knows. */
  devices: readonly number[];
  /** Milliseconds since the epoch; 0 where unknown. */
  startedMs: number;
  /** Neighbours in the list of its node's pods. */
  previousOnNode: PodRecord | undefined;
  nextOnNode: PodRecord | undefined;
  /** Neighbours in the list of its class's pods that have a node. */
  previousInClass: PodRecord | undefined;
  nextInClass: PodRecord | undefined;
}

/** Pods that ask for the same: what was derived from the requirement is kept here, once for all of them. */
export class PodClass {
  readonly requirement: PodRequirement;
  /** Dimensions of the requests, and the amounts, in step. */
  dimensions: Int32Array = new Int32Array(0);
  amounts: Float64Array = new Float64Array(0);
  /** Requested resources that no node has. */
  unknownResources: readonly string[] = [];
  /** Records and queue entries that hold it. */
  references = 0;
  /** Counts that a pod of this class is part of. */
  counts: DomainCount[] = [];
  /** The kind of pods that it is counted with. */
  kind: DemandKind | undefined;
  /** Its pods that have a node, as a list. */
  first: PodRecord | undefined;

  constructor(requirement: PodRequirement) {
    this.requirement = requirement;
  }
}

/** Pods that want the same of GPUs and may go to the same nodes, as they have come so far. */
export interface DemandKind {
  /** One that stands for all where it matters to which nodes they may go. */
  readonly example: PodClass;
  readonly gpu: GpuDemand;
  /** How many have come; the older, the less they count. */
  seen: number;
  /** Sums over them: divided by `seen`, what one of them asks for. */
  cpuMilli: number;
  memoryBytes: number;
}
