import { rankEnd } from '../solve/node-order.ts';
import { type ScanColumns, type ScanDemand, scanNodes } from '../solve/resource-scan.ts';
import { type Floor, floorFor, noFloor, type Selection, select } from '../solve/selection.ts';
import type { ListRequest } from '../solve/solver.ts';
import { sharedDoubles, sharedIntegers } from '../state/shared.ts';

// Shortlists that several threads make for one cycle. Everything lies in shared memory: threads claim one list after
// another in the order in which the coordinator will ask for them, and never more than a few ahead of it.

/** Lists that may be ready, or in the making, before the coordinator needs them. */
export const lead = 8;

/** State that all threads share during one cycle. Posting it to a thread copies no array. */
export interface ListJobs {
  readonly count: number;
  readonly end: number;
  readonly seed: number;
  readonly columns: ScanColumns;
  /** Verdicts of the static filters; requests with equal ones share an array. */
  readonly verdicts: readonly Uint8Array[];
  /** The requests as numbers. */
  readonly requests: Float64Array;
  /** Places where threads meet; see `Place`. */
  readonly control: Int32Array;
  /** Score and rank of each list's floor. */
  readonly floors: Float64Array;
  /** Room for the nodes of `lead` lists. */
  readonly slots: Selection;
}

/** Indexes of the control array. */
export const Place = {
  /** The next list that nobody has claimed. */
  next: 0,
  /** The list that the coordinator is at: those before it are not needed any more. */
  current: 1,
  /** How many changes of nodes the coordinator has made so far, all of which can be seen. */
  changes: 2,
  /** From here on three numbers a list: state, nodes found, changes that it knows of. */
  lists: 3,
} as const;

const numbersPerList = 3;
const made = 1;

/** Numbers that every request has. After those of all requests come their further dimensions, each with its amount. */
const numbersPerRequest = 12;

/** Room for the lists of clusters whose arrays have a capacity. */
export function newSlots(capacity: number): Selection {
  return { nodes: sharedIntegers(lead * capacity), scores: sharedDoubles(lead * capacity) };
}

/** Jobs for requests, in this order. */
export function newJobs(
  requests: readonly ListRequest[],
  { columns, end, seed, slots }: Pick<ListJobs, 'columns' | 'end' | 'seed' | 'slots'>,
): ListJobs {
  const numbers: number[] = [];
  const further: number[] = [];
  const verdicts = new Map<Uint8Array, number>();
  for (const { prepared, wanted } of requests) {
    const { demand } = prepared.scan;
    const mask = verdicts.get(prepared.scan.verdicts) ?? verdicts.size;
    verdicts.set(prepared.scan.verdicts, mask);
    const { cpu, memory, pods, scoringCpuMilli, scoringMemoryBytes, formula } = demand;
    numbers.push(mask, wanted, cpu, memory, pods, scoringCpuMilli, scoringMemoryBytes);
    numbers.push(formula.base, formula.perShare, formula.perDistance);
    numbers.push(requests.length * numbersPerRequest + further.length, demand.dimensions.length);
    for (const [at, dimension] of demand.dimensions.entries()) further.push(dimension, demand.amounts[at]!);
  }
  const control = sharedIntegers(Place.lists + numbersPerList * requests.length);
  const floors = sharedDoubles(2 * requests.length);
  const told = sharedDoubles(numbers.length + further.length);
  told.set(numbers);
  told.set(further, numbers.length);
  const count = requests.length;
  return { count, end, seed, columns, verdicts: [...verdicts.keys()], requests: told, control, floors, slots };
}

function demandOf(requests: Float64Array, index: number): ScanDemand & { mask: number; wanted: number } {
  const numbers = requests.subarray(index * numbersPerRequest, (index + 1) * numbersPerRequest);
  const further = Array.from({ length: numbers[11]! }, (_, at) => numbers[10]! + 2 * at);
  return {
    mask: numbers[0]!,
    wanted: numbers[1]!,
    cpu: numbers[2]!,
    memory: numbers[3]!,
    pods: numbers[4]!,
    scoringCpuMilli: numbers[5]!,
    scoringMemoryBytes: numbers[6]!,
    formula: { base: numbers[7]!, perShare: numbers[8]!, perDistance: numbers[9]! },
    dimensions: further.map((at) => requests[at]!),
    amounts: further.map((at) => requests[at + 1]!),
  };
}

/** Claims the next list; -1 where there is none, or none that may be made already. */
export function claim({ control, count }: ListJobs): number {
  for (;;) {
    const next = Atomics.load(control, Place.next);
    if (next >= count) return -1;
    const before = next - lead;
    // The room of a list is given to another once it is not needed, and nobody is still at it.
    if (before >= 0 && (Atomics.load(control, Place.current) <= before || !isMade(control, before))) return -1;
    if (Atomics.compareExchange(control, Place.next, next, next + 1) === next) return next;
  }
}

/** True where a list can be taken. */
export function isMade(control: Int32Array, index: number): boolean {
  return Atomics.load(control, Place.lists + numbersPerList * index) === made;
}

/**
 * Makes a list that was claimed, from the nodes as they are seen now. The coordinator may change them meanwhile: what it
 * changed since the number of changes that is noted must be looked at again.
 * @param scores Room for one scan, the thread's own.
 */
export function makeList(jobs: ListJobs, index: number, scores: Float64Array): void {
  const { control, floors, columns, end, seed } = jobs;
  const changes = Atomics.load(control, Place.changes);
  const { mask, wanted, ...demand } = demandOf(jobs.requests, index);
  scanNodes({ verdicts: jobs.verdicts[mask]!, columns, demand }, end, scores);
  const floor = floorFor(wanted, scores, end, seed);
  const found = select(scores, end, floor, seed, slotOf(jobs, index));
  floors.set([floor.score, floor.rank], 2 * index);
  const at = Place.lists + numbersPerList * index;
  control[at + 1] = found;
  control[at + 2] = changes;
  Atomics.store(control, at, made);
}

/** A list that was made. */
export interface MadeList {
  readonly selection: Selection;
  readonly found: number;
  readonly floor: Floor;
  /** Changes that it knows of. */
  readonly changes: number;
}

/** Reads a list that was made; it may be overwritten once the coordinator is at a later one. */
export function readList(jobs: ListJobs, index: number): MadeList {
  const { control, floors } = jobs;
  const at = Place.lists + numbersPerList * index;
  const rank = floors[2 * index + 1]!;
  return {
    selection: slotOf(jobs, index),
    found: control[at + 1]!,
    floor: rank === rankEnd ? noFloor : { score: floors[2 * index]!, rank },
    changes: control[at + 2]!,
  };
}

function slotOf({ slots }: ListJobs, index: number): Selection {
  const room = slots.nodes.length / lead;
  const start = (index % lead) * room;
  return { nodes: slots.nodes.subarray(start, start + room), scores: slots.scores.subarray(start, start + room) };
}
