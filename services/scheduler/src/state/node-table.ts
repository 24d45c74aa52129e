import { deviceCount } from '@gantry/model/gpu.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { type NodeInfo, resourceNames, type Taint } from '../requirement.ts';
import { GpuTable } from './gpu-table.ts';
import { ImageIndex } from './image-index.ts';
import { LabelColumn } from './label-column.ts';
import { NodeLog } from './node-log.ts';
import { grownBytes, grownDoubles, grownIntegers, sharedBytes, sharedDoubles, sharedIntegers } from './shared.ts';

/** Nodes that one scheduler looks after, at most; a bound for the arrays. */
export const maxNodes = 1_000_000;
/** Different extended resources; each costs two arrays. */
const maxDimensions = 64;

/** Dimensions that every node has, by their place in the arrays. */
export const Dimension = { cpu: 0, memory: 1, ephemeralStorage: 2, pods: 3 } as const;

/** The label-like key under which a node's name can be looked up. */
export const nodeNameKey = 'metadata.name';

/** The nodes as columns in shared memory. Index `i` of every column is the same node. */
export class NodeTable {
  /** Length of every column. */
  capacity: number;
  /** Indexes below this one may be nodes. */
  end = 0;
  /** Nodes that exist. */
  count = 0;
  /** 1 where a node exists, 0 where the slot is free, or only pods tell of the node. */
  present: Uint8Array<SharedArrayBuffer>;
  /** 1 where the node is cordoned. */
  unschedulable: Uint8Array<SharedArrayBuffer>;
  /** Number of the node's set of taints. */
  taintSet: Int32Array<SharedArrayBuffer>;
  /** Allocatable amounts by dimension. */
  readonly allocatable: Float64Array<SharedArrayBuffer>[] = [];
  /** Requested amounts by dimension. */
  readonly requested: Float64Array<SharedArrayBuffer>[] = [];
  /** Requested cpu and memory as scoring counts them, with assumed requests for pods without any. */
  scoringCpu: Float64Array<SharedArrayBuffer>;
  scoringMemory: Float64Array<SharedArrayBuffer>;
  /** Names of the dimensions. */
  readonly dimensions: string[] = [];
  /** Grows with each change of columns' lengths or number: holders of columns must fetch them again. */
  layout = 0;
  /** Names by index; of free slots the last one. */
  readonly names: string[] = [];
  readonly images = new ImageIndex();
  readonly gpus = new GpuTable();
  /** Nodes of which something else than amounts changed: labels, taints, their very existence. */
  readonly staticLog = new NodeLog();
  /** Nodes of which the amounts changed: what they have, or what pods take of it. */
  readonly loadLog = new NodeLog();
  readonly #infos: (NodeInfo | undefined)[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #dimensionIds = new Map<string, number>();
  readonly #taintSets: (readonly Taint[])[] = [];
  readonly #taintSetIds = new Map<string, number>();
  readonly #columns = new Map<string, LabelColumn>();

  constructor(capacity = 64) {
    this.capacity = capacity;
    this.present = sharedBytes(capacity);
    this.unschedulable = sharedBytes(capacity);
    this.taintSet = sharedIntegers(capacity);
    this.scoringCpu = sharedDoubles(capacity);
    this.scoringMemory = sharedDoubles(capacity);
    for (const name of Object.values(resourceNames)) this.dimension(name);
  }

  /** The dimension of a resource; undefined where no node ever had it. */
  dimensionOf(resource: string): number | undefined {
    return this.#dimensionIds.get(resource);
  }

  /** The dimension of a resource, made where it is new. Throws TooManyRequests beyond the bound. */
  dimension(resource: string): number {
    const known = this.#dimensionIds.get(resource);
    if (known !== undefined) return known;
    const id = this.dimensions.length;
    if (id >= maxDimensions) throw new GantryError('TooManyRequests', `more than ${maxDimensions} different resources`);
    this.dimensions.push(resource);
    this.#dimensionIds.set(resource, id);
    this.allocatable.push(sharedDoubles(this.capacity));
    this.requested.push(sharedDoubles(this.capacity));
    this.layout++;
    return id;
  }

  /** The index of a node that exists, or of which pods tell; undefined where there is none. */
  indexOf(name: string): number | undefined {
    return this.#indexes.get(name);
  }

  /** The node's own description; undefined if the node does not exist. */
  info(node: number): NodeInfo | undefined {
    return this.#infos[node];
  }

  /** Indexes of the nodes that exist. */
  *indexes(): Generator<number> {
    for (let node = 0; node < this.end; node++) if (this.present[node] === 1) yield node;
  }

  /** The taints of a set. */
  taintsOf(set: number): readonly Taint[] {
    return this.#taintSets[set]!;
  }

  get taintSetCount(): number {
    return this.#taintSets.length;
  }

  /** The values of a label, by node; made when it is first asked for. */
  column(key: string): LabelColumn {
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const column = new LabelColumn(key, this.capacity);
    this.#columns.set(key, column);
    for (const node of this.indexes()) column.set(node, labelValue(this.#infos[node], key));
    return column;
  }

  /** Columns in which a node's value would change were it to become `info`. */
  changedColumns(node: number, info: NodeInfo | undefined): LabelColumn[] {
    return [...this.#columns.values()].filter(
      (column) => column.values[column.ids[node]!] !== labelValue(info, column.key),
    );
  }

  /** A slot for a node of this name: its own, a free one, or a new one. */
  slot(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const node = this.#free.pop() ?? this.end++;
    if (node >= this.capacity) this.#grow(node + 1);
    this.#indexes.set(name, node);
    this.names[node] = name;
    return node;
  }

  /** Takes what a node says of itself; undefined where it is gone. Its resources must have dimensions. */
  set(node: number, info: NodeInfo | undefined): void {
    const wasPresent = this.present[node]!;
    this.present[node] = info === undefined ? 0 : 1;
    this.count += this.present[node]! - wasPresent;
    this.images.change(node, this.#infos[node]?.images, info?.images);
    this.#infos[node] = info;
    this.unschedulable[node] = info?.unschedulable ? 1 : 0;
    this.taintSet[node] = this.#taintSetOf(info?.taints ?? []);
    for (const [id, resource] of this.dimensions.entries()) {
      this.allocatable[id]![node] = info?.allocatable.get(resource) ?? 0;
    }
    this.gpus.set(node, deviceCount(info?.allocatable ?? new Map()), this.capacity);
    for (const column of this.#columns.values()) column.set(node, labelValue(info, column.key));
  }

  /** Gives a slot back. Nothing may stand in it any more. */
  free(node: number): void {
    this.#indexes.delete(this.names[node]!);
    this.#free.push(node);
  }

  #taintSetOf(taints: readonly Taint[]): number {
    const key = JSON.stringify(taints.map(({ key, value, effect }) => [key, value, effect]));
    const known = this.#taintSetIds.get(key);
    if (known !== undefined) return known;
    const id = this.#taintSets.length;
    this.#taintSets.push(taints);
    this.#taintSetIds.set(key, id);
    return id;
  }

  #grow(needed: number): void {
    if (needed > maxNodes) throw new GantryError('TooManyRequests', `more than ${maxNodes} nodes`);
    const capacity = Math.min(maxNodes, Math.max(needed, this.capacity * 2));
    this.present = grownBytes(this.present, capacity);
    this.unschedulable = grownBytes(this.unschedulable, capacity);
    this.taintSet = grownIntegers(this.taintSet, capacity);
    this.scoringCpu = grownDoubles(this.scoringCpu, capacity);
    this.scoringMemory = grownDoubles(this.scoringMemory, capacity);
    for (const id of this.dimensions.keys()) {
      this.allocatable[id] = grownDoubles(this.allocatable[id]!, capacity);
      this.requested[id] = grownDoubles(this.requested[id]!, capacity);
    }
    for (const column of this.#columns.values()) column.grow(capacity);
    this.capacity = capacity;
    this.layout++;
  }
}

function labelValue(info: NodeInfo | undefined, key: string): string | undefined {
  if (info === undefined) return undefined;
  if (key === nodeNameKey) return info.name;
  return Object.hasOwn(info.labels, key) ? info.labels[key] : undefined;
}
