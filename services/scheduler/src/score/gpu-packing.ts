import { maxDevices, wholeDevice } from '@gantry/model/gpu.ts';
import { noDevices } from '../requirement.ts';
import { Dimension, type NodeTable } from '../state/node-table.ts';
import type { PodClass } from '../state/pod-class.ts';

// Packs pods such that room remains for what usually comes. The room that a node has for a kind of pods is how many of
// them it would take beside those that are there. A placement costs every kind some of that room; what a place is worth
// to a kind is how often the kind comes, divided by the places that the whole cluster has left for it. The best node is
// the one where all that is lost by the placement is worth least: docs/adr/gpu-packing.md says why.

/** A kind of GPU pods that come, as packing looks at it. */
export interface RoomKind {
  /** GPU devices that one pod asks for. */
  readonly devices: number;
  /** Thousandths of each. */
  readonly milliEach: number;
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Not 0 on nodes that its static filters refuse. */
  readonly verdicts: Uint8Array;
  /** Value of one place for it. */
  readonly worth: number;
}

/** How room is counted and priced; a benchmark shows what each part is good for by leaving it out. */
export interface RoomRules {
  /** How many of a kind a node takes whose cpu and memory are enough for so many. */
  readonly bySize: (places: number) => number;
  /** How many of a kind a node takes at most. */
  readonly mostPlaces: number;
  /** Value of a place for a kind, from its arrivals and the cluster's places for it. */
  readonly worth: (seen: number, places: number) => number;
}

/**
 * Parts of pods count, since pods of other kinds use what is left of cpu and memory. A kind that comes twice as often, or
 * has half the places left, loses twice as much with a place: the worth of all room is the sum of `seen * log(places)`.
 */
export const roomRules: RoomRules = {
  bySize: (places) => places,
  mostPlaces: Number.POSITIVE_INFINITY,
  worth: (seen, places) => seen / Math.max(1, places),
};

/** Resources that a placement takes of a node. */
interface Taken {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  /** Devices that nobody had. */
  readonly idle: number;
  /** The device of which a share is taken; -1 where none is. */
  readonly device: number;
  readonly milli: number;
}

/** How many pods of a kind go into free amounts. */
function placesBySize({ cpuMilli, memoryBytes }: RoomKind, cpu: number, memory: number, pods: number): number {
  if (cpu < cpuMilli || memory < memoryBytes) return 0;
  let places = pods;
  if (cpuMilli > 0 && cpu < places * cpuMilli) places = cpu / cpuMilli;
  if (memoryBytes > 0 && memory < places * memoryBytes) places = memory / memoryBytes;
  return places;
}

/** How many of a kind go onto devices: rounded down, since what is left of a device is of no use to the kind. */
function placesOnDevices({ devices, milliEach }: RoomKind, shares: number, idle: number): number {
  return milliEach < wholeDevice ? shares : Math.floor(idle / devices);
}

/** The room of one node at a time, by kind, and what it is worth. */
export class GpuRoom {
  readonly #nodes: NodeTable;
  readonly #kinds: readonly RoomKind[];
  readonly #rules: RoomRules;
  #cpu = 0;
  #memory = 0;
  #pods = 0;
  /** Free thousandths by device, and how many devices nobody has. */
  readonly #free = new Int32Array(maxDevices);
  #devices = 0;
  #idle = 0;
  /** Kinds for which the node has room, by number; their places, and how many shares the devices have for them. */
  readonly #roomy: Int32Array;
  readonly #places: Float64Array;
  readonly #shares: Int32Array;
  #count = 0;

  constructor(nodes: NodeTable, kinds: readonly RoomKind[], rules: RoomRules) {
    this.#nodes = nodes;
    this.#rules = rules;
    this.#kinds = kinds;
    this.#roomy = new Int32Array(kinds.length);
    this.#places = new Float64Array(kinds.length);
    this.#shares = new Int32Array(kinds.length);
  }

  /** Adds the places that a node has for each kind to sums. */
  addPlaces(node: number, sums: Float64Array): void {
    this.#read(node);
    for (let at = 0; at < this.#count; at++) {
      const kind = this.#roomy[at]!;
      sums[kind] = sums[kind]! + this.#places[at]!;
    }
  }

  /** Value of all free room of a node. */
  worth(node: number): number {
    this.#read(node);
    let sum = 0;
    for (let at = 0; at < this.#count; at++) sum += this.#kinds[this.#roomy[at]!]!.worth * this.#places[at]!;
    return sum;
  }

  /** Value of the room that a pod of a class takes with the best devices. The node must have room for it. */
  loss(podClass: PodClass, node: number): number {
    this.#read(node);
    return this.#best(podClass).loss;
  }

  /** The devices that cost least. The node must have room for a pod of the class. */
  devices(podClass: PodClass, node: number): readonly number[] {
    const { gpu } = podClass.requirement;
    if (gpu === undefined) return noDevices;
    this.#read(node);
    if (gpu.milliEach < wholeDevice) return [this.#best(podClass).device];
    const idle: number[] = [];
    for (let device = 0; idle.length < gpu.devices; device++) if (this.#free[device] === wholeDevice) idle.push(device);
    return idle;
  }

  #read(node: number): void {
    const { allocatable, requested, gpus } = this.#nodes;
    const left = (dimension: number): number => allocatable[dimension]![node]! - requested[dimension]![node]!;
    this.#cpu = left(Dimension.cpu);
    this.#memory = left(Dimension.memory);
    this.#pods = left(Dimension.pods);
    this.#devices = gpus.count(node);
    this.#idle = 0;
    for (let device = 0; device < this.#devices; device++) {
      const free = Math.max(0, wholeDevice - gpus.used[node * maxDevices + device]!);
      this.#free[device] = free;
      if (free === wholeDevice) this.#idle++;
    }
    this.#count = 0;
    for (let index = 0; index < this.#kinds.length; index++) {
      const kind = this.#kinds[index]!;
      if (kind.verdicts[node] !== 0) continue;
      const bySize = this.#rules.bySize(placesBySize(kind, this.#cpu, this.#memory, this.#pods));
      if (bySize <= 0) continue;
      let shares = 0;
      if (kind.milliEach < wholeDevice) {
        for (let device = 0; device < this.#devices; device++) shares += (this.#free[device]! / kind.milliEach) | 0;
      }
      const places = Math.min(bySize, placesOnDevices(kind, shares, this.#idle), this.#rules.mostPlaces);
      if (places <= 0) continue;
      this.#roomy[this.#count] = index;
      this.#shares[this.#count] = shares;
      this.#places[this.#count++] = places;
    }
  }

  /** The least that is lost, and the device of which a share is taken for that; whole devices are all alike. */
  #best({ requirement: { gpu, requests } }: PodClass): { readonly loss: number; readonly device: number } {
    const size = { cpuMilli: requests.get('cpu') ?? 0, memoryBytes: requests.get('memory') ?? 0 };
    if (gpu === undefined || gpu.milliEach === wholeDevice) {
      return { loss: this.#lossOf({ ...size, idle: gpu?.devices ?? 0, device: -1, milli: 0 }), device: -1 };
    }
    let best = { loss: Number.POSITIVE_INFINITY, device: -1 };
    for (let device = 0; device < this.#devices; device++) {
      const free = this.#free[device]!;
      // Of devices with as much left, one is as good as the other.
      if (free < gpu.milliEach || this.#free.indexOf(free) < device) continue;
      const loss = this.#lossOf({ ...size, idle: free === wholeDevice ? 1 : 0, device, milli: gpu.milliEach });
      if (loss < best.loss) best = { loss, device };
    }
    return best;
  }

  #lossOf(taken: Taken): number {
    const cpu = this.#cpu - taken.cpuMilli;
    const memory = this.#memory - taken.memoryBytes;
    const idle = this.#idle - taken.idle;
    let loss = 0;
    for (let at = 0; at < this.#count; at++) {
      const kind = this.#kinds[this.#roomy[at]!]!;
      let after = Math.min(this.#rules.bySize(placesBySize(kind, cpu, memory, this.#pods - 1)), this.#rules.mostPlaces);
      if (after > 0) {
        after = Math.min(after, placesOnDevices(kind, this.#shares[at]! - sharesTaken(kind, taken, this.#free), idle));
      }
      loss += kind.worth * (this.#places[at]! - Math.max(0, after));
    }
    return loss;
  }
}

/** How many shares for a kind a placement takes from the devices. */
function sharesTaken({ milliEach }: RoomKind, taken: Taken, free: Int32Array): number {
  if (milliEach === wholeDevice) return 0;
  if (taken.device < 0) return taken.idle * ((wholeDevice / milliEach) | 0);
  const left = free[taken.device]!;
  return ((left / milliEach) | 0) - (((left - taken.milli) / milliEach) | 0);
}
