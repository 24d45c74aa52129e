/** The messages of gantry.api.v1.PlacementService as servers and clients handle them; see proto/gantry/api/v1/placement.proto. */

import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';

export interface ExplainPodRequest {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  readonly schedulerName?: string;
}

export interface PodExplanation {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly profile: string;
  readonly priority: number;
  readonly owned: boolean;
  readonly nodeName: string;
  readonly queue: QueueState | null;
  readonly nodeCount: number;
  readonly fittingCount: number;
  readonly message: string;
  readonly bestNode: string;
  readonly fitting: readonly FittingNodes[];
  readonly refusing: readonly RefusingNodes[];
  readonly preemption: PreemptionOutlook | null;
}

export interface QueueState {
  readonly place: string;
  readonly attempts: number;
  readonly readyAtMs: number;
  readonly sweepAtMs: number;
  readonly wakesOn: readonly string[];
  readonly gates: readonly string[];
  readonly nominatedNodeName: string;
  readonly waitsForPods: readonly string[];
  readonly ahead: number;
  readonly said: string;
}

export interface FittingNodes {
  readonly nodes: readonly string[];
  readonly score: number;
  readonly scores: readonly PluginScore[];
}

export interface PluginScore {
  readonly plugin: string;
  readonly score: number;
  readonly weight: number;
}

export interface RefusingNodes {
  readonly nodes: readonly string[];
  readonly refusals: readonly PluginRefusal[];
}

export interface PluginRefusal {
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly details: readonly string[];
  readonly unblockedBy: readonly string[];
  readonly helpedByPreemption: boolean;
}

export interface PreemptionOutlook {
  readonly nodeName: string;
  readonly victims: readonly string[];
  readonly message: string;
}

export interface DefragmentRequest {
  readonly execute: boolean;
  /** The scheduler's own setting by default. */
  readonly maxMoves?: number;
}

/** Exactly one of these is set. */
export interface DefragmentProgress {
  readonly plan?: DefragmentPlan;
  readonly move?: MoveProgress;
}

export interface DefragmentPlan {
  readonly freed: readonly FreedNode[];
  readonly kept: readonly KeptNodes[];
}

export interface FreedNode {
  readonly nodeName: string;
  readonly moves: readonly PodMove[];
}

export interface PodMove {
  readonly namespace: string;
  readonly name: string;
  readonly fromNode: string;
  readonly toNode: string;
}

export interface KeptNodes {
  readonly reason: string;
  readonly nodes: readonly string[];
}

export interface MoveProgress {
  readonly move: PodMove;
  readonly state: 'evicted' | 'placed' | 'failed';
  readonly message: string;
}

export interface SimulateRequest {
  readonly templates?: readonly NodeTemplate[];
  readonly podUids?: readonly string[];
  readonly headroom?: readonly PodBatch[];
  readonly absentNodes?: readonly string[];
  readonly emptied?: readonly EmptiedNode[];
  readonly limits?: SimulationLimits;
}

export interface NodeTemplate {
  readonly id: string;
  readonly node: Node;
  readonly pods?: readonly Pod[];
  readonly coming?: number;
  readonly most?: number;
  readonly cost?: number;
  readonly groupSize?: number;
}

export interface PodBatch {
  readonly id: string;
  readonly pod: Pod;
  readonly count: number;
}

export interface EmptiedNode {
  readonly nodeName: string;
  readonly podUids?: readonly string[];
}

export interface SimulationLimits {
  readonly nodes?: number | undefined;
  readonly cpuMilli?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/** Fields that are empty may be absent. */
export interface SimulateResponse {
  readonly placements?: readonly SimulatedPlacement[];
  readonly added?: readonly AddedNode[];
  readonly unplaced?: readonly UnplacedPods[];
  readonly emptied?: readonly EmptiedOutcome[];
}

export interface SimulatedPlacement {
  readonly id: string;
  readonly nodeName: string;
  readonly count: number;
}

export interface AddedNode {
  readonly templateId: string;
  readonly podUids?: readonly string[];
  readonly headroom?: readonly SimulatedPlacement[];
}

export interface UnplacedPods {
  readonly ids: readonly string[];
  readonly refusals?: readonly TemplateRefusal[];
}

export interface TemplateRefusal {
  readonly templateId?: string;
  readonly reason: string;
}

export interface EmptiedOutcome {
  readonly nodeName: string;
  readonly fits?: boolean;
  readonly problem?: string;
}
