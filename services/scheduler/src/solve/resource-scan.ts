import { type ResourceFormula, type ResourceWeights, resourceFormula, resourceScore } from '../score/resources.ts';
import { Dimension, type NodeTable } from '../state/node-table.ts';
import type { PodClass } from '../state/pod-class.ts';

/** Stands in the scores where a node cannot take the pod; true scores are not negative. */
export const refused = -1;

/** Stands for an amount that is not asked for: it fits also where more is taken than there is. */
const nothing = Number.NEGATIVE_INFINITY;

/** Node columns that a scan reads, by node index; the same for all classes. */
export interface ScanColumns {
  /** Allocatable and requested amounts by dimension. */
  readonly allocatable: readonly Float64Array[];
  readonly requested: readonly Float64Array[];
  readonly scoringCpu: Float64Array;
  readonly scoringMemory: Float64Array;
}

/** Input of a scan from a class and a profile. */
export interface ScanDemand {
  /** The amounts of the three dimensions that nearly every pod asks for. */
  readonly cpu: number;
  readonly memory: number;
  readonly pods: number;
  /** The others, with their amounts in step. */
  readonly dimensions: readonly number[];
  readonly amounts: readonly number[];
  readonly scoringCpuMilli: number;
  readonly scoringMemoryBytes: number;
  readonly formula: ResourceFormula;
}

/** All that a scan of nodes for one class reads: plain values and shared arrays, so that a worker thread can do it. */
export interface ScanInput {
  /** Not 0 where a static filter refuses the node. */
  readonly verdicts: Uint8Array;
  readonly columns: ScanColumns;
  readonly demand: ScanDemand;
}

/** Demand of a class under the weights of a profile. */
export function scanDemand({ dimensions, amounts, requirement }: PodClass, weights: ResourceWeights): ScanDemand {
  const amountOf = (dimension: number): number => amounts[dimensions.indexOf(dimension)] ?? nothing;
  const others = [...dimensions.keys()].filter((at) => !isCommon(dimensions[at]!));
  return {
    cpu: amountOf(Dimension.cpu),
    memory: amountOf(Dimension.memory),
    pods: amountOf(Dimension.pods),
    dimensions: others.map((at) => dimensions[at]!),
    amounts: others.map((at) => amounts[at]!),
    scoringCpuMilli: requirement.scoring.cpuMilli,
    scoringMemoryBytes: requirement.scoring.memoryBytes,
    formula: resourceFormula(weights),
  };
}

/** The columns of a table; valid until its layout changes. */
export function scanColumns({ allocatable, requested, scoringCpu, scoringMemory }: NodeTable): ScanColumns {
  return { allocatable, requested, scoringCpu, scoringMemory };
}

/** Writes the resource score of each node below `end`, or `refused` where a static filter or a lack of room forbids it. */
export function scanNodes({ verdicts, columns, demand }: ScanInput, end: number, scores: Float64Array): void {
  const { scoringCpu, scoringMemory, allocatable, requested } = columns;
  const { cpu, memory, pods, scoringCpuMilli, scoringMemoryBytes, formula } = demand;
  const cpuAllocatable = allocatable[Dimension.cpu]!;
  const memoryAllocatable = allocatable[Dimension.memory]!;
  const podsAllocatable = allocatable[Dimension.pods]!;
  const cpuRequested = requested[Dimension.cpu]!;
  const memoryRequested = requested[Dimension.memory]!;
  const podsRequested = requested[Dimension.pods]!;
  for (let node = 0; node < end; node++) {
    const passes =
      verdicts[node] === 0 &&
      cpuRequested[node]! + cpu <= cpuAllocatable[node]! &&
      memoryRequested[node]! + memory <= memoryAllocatable[node]! &&
      podsRequested[node]! + pods <= podsAllocatable[node]!;
    scores[node] = passes
      ? resourceScore(
          scoringCpu[node]! + scoringCpuMilli,
          cpuAllocatable[node]!,
          scoringMemory[node]! + scoringMemoryBytes,
          memoryAllocatable[node]!,
          formula,
        )
      : refused;
  }
  for (let index = 0; index < demand.dimensions.length; index++) {
    const available = allocatable[demand.dimensions[index]!]!;
    const taken = requested[demand.dimensions[index]!]!;
    const amount = demand.amounts[index]!;
    for (let node = 0; node < end; node++) if (taken[node]! + amount > available[node]!) scores[node] = refused;
  }
}

/** The resource score of one node, or `refused`. */
export function scanNode({ verdicts, columns, demand }: ScanInput, node: number): number {
  const { allocatable, requested } = columns;
  const lacks = (dimension: number, amount: number): boolean =>
    requested[dimension]![node]! + amount > allocatable[dimension]![node]!;
  if (verdicts[node] !== 0 || lacks(Dimension.cpu, demand.cpu) || lacks(Dimension.memory, demand.memory))
    return refused;
  if (lacks(Dimension.pods, demand.pods)) return refused;
  for (let index = 0; index < demand.dimensions.length; index++) {
    if (lacks(demand.dimensions[index]!, demand.amounts[index]!)) return refused;
  }
  return resourceScore(
    columns.scoringCpu[node]! + demand.scoringCpuMilli,
    allocatable[Dimension.cpu]![node]!,
    columns.scoringMemory[node]! + demand.scoringMemoryBytes,
    allocatable[Dimension.memory]![node]!,
    demand.formula,
  );
}

function isCommon(dimension: number): boolean {
  return dimension === Dimension.cpu || dimension === Dimension.memory || dimension === Dimension.pods;
}
