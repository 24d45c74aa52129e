import { type ResourceWeights, resourceScore, shareOf } from '../score/resources.ts';
import { Dimension, type NodeTable } from '../state/node-table.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Stands in the scores where a node cannot take the pod; true scores are not negative. */
export const refused = -1;

/** All that a scan of nodes for one class reads: plain values and shared arrays, so that it can go to a worker thread. */
export interface ScanInput {
  /** Not 0 where a static filter refuses the node. */
  readonly verdicts: Uint8Array;
  /** What nodes have, and what is taken of it, of each requested dimension. */
  readonly allocatable: readonly Float64Array[];
  readonly requested: readonly Float64Array[];
  /** The amounts that the pod asks for, in step with the dimensions. */
  readonly amounts: Float64Array;
  readonly cpuAllocatable: Float64Array;
  readonly memoryAllocatable: Float64Array;
  readonly scoringCpu: Float64Array;
  readonly scoringMemory: Float64Array;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly weights: ResourceWeights;
}

/** What to scan for a class. */
export function scanInput(
  podClass: PodClass,
  nodes: NodeTable,
  verdicts: Uint8Array,
  weights: ResourceWeights,
): ScanInput {
  const { dimensions, amounts, requirement } = podClass;
  return {
    verdicts,
    allocatable: Array.from(dimensions, (dimension) => nodes.allocatable[dimension]!),
    requested: Array.from(dimensions, (dimension) => nodes.requested[dimension]!),
    amounts,
    cpuAllocatable: nodes.allocatable[Dimension.cpu]!,
    memoryAllocatable: nodes.allocatable[Dimension.memory]!,
    scoringCpu: nodes.scoringCpu,
    scoringMemory: nodes.scoringMemory,
    ...requirement.scoring,
    weights,
  };
}

/** Writes the resource score of each node in [from, to), or `refused` where a static filter or a lack of room forbids it. */
export function scanNodes(input: ScanInput, from: number, to: number, scores: Float64Array): void {
  const { verdicts, allocatable, requested, amounts } = input;
  for (let node = from; node < to; node++) scores[node] = verdicts[node] === 0 ? 0 : refused;
  for (let index = 0; index < amounts.length; index++) {
    const available = allocatable[index]!;
    const taken = requested[index]!;
    const amount = amounts[index]!;
    for (let node = from; node < to; node++) {
      if (taken[node]! + amount > available[node]!) scores[node] = refused;
    }
  }
  for (let node = from; node < to; node++) {
    if (scores[node] !== refused) scores[node] = scoreNode(input, node);
  }
}

/** The resource score of one node that has room. */
export function scoreNode(input: ScanInput, node: number): number {
  const cpu = shareOf(input.scoringCpu[node]! + input.cpuMilli, input.cpuAllocatable[node]!);
  const memory = shareOf(input.scoringMemory[node]! + input.memoryBytes, input.memoryAllocatable[node]!);
  return resourceScore(cpu, memory, input.weights);
}

/** True where a node has room for one more. */
export function hasRoom({ allocatable, requested, amounts }: ScanInput, node: number): boolean {
  for (let index = 0; index < amounts.length; index++) {
    if (requested[index]![node]! + amounts[index]! > allocatable[index]![node]!) return false;
  }
  return true;
}
