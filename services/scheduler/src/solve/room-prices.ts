import { wholeDevice } from '@gantry/model/gpu.ts';
import { GpuRoom, type RoomKind, type RoomRules, roomRules } from '../score/gpu-packing.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import type { StaticMasks } from './static-masks.ts';

/** Share of all devices that is given out or back before prices are made anew, and growth of the number of pods seen. */
const turnoverShare = 0.01;
const growth = 1.1;

/**
 * Recent values of a place for each kind of pods: between two looks at the whole cluster prices stay, so
 * that a placement changes the score of its node alone.
 */
export class RoomPrices {
  readonly #cluster: ClusterState;
  readonly #masks: StaticMasks;
  readonly #rules: RoomRules;
  /** Grows with each new set of prices: scores of different versions cannot be compared. */
  version = 0;
  kinds: readonly RoomKind[] = [];
  /** Upper bound of the value of one node's room. */
  most = 0;
  #room: GpuRoom;
  #turnover = 0;
  #seen = 0;
  #static = 0;
  #layout = -1;

  constructor(cluster: ClusterState, masks: StaticMasks, rules = roomRules) {
    this.#cluster = cluster;
    this.#rules = rules;
    this.#masks = masks;
    this.#room = new GpuRoom(cluster.nodes, [], rules);
  }

  /** 0 to 100: how little a node loses by a pod of a class. The node must have room for it. */
  score(podClass: PodClass, node: number): number {
    return this.most > 0 ? 100 * (1 - Math.min(1, this.#room.loss(podClass, node) / this.most)) : 100;
  }

  /** The devices of a node that a pod of a class gets. The node must have room for it. */
  devices(podClass: PodClass, node: number): readonly number[] {
    return this.#room.devices(podClass, node);
  }

  /** Makes prices anew where the last ones are out of date. */
  refresh(): void {
    const { nodes, demands } = this.#cluster;
    const { gpus } = nodes;
    const isFresh =
      gpus.turnover - this.#turnover < Math.max(1, turnoverShare * gpus.total * wholeDevice) &&
      demands.total <= this.#seen * growth &&
      this.#static === nodes.staticLog.end &&
      this.#layout === nodes.layout;
    if (isFresh) return;
    this.#turnover = gpus.turnover;
    this.#seen = demands.total;
    this.#static = nodes.staticLog.end;
    this.#layout = nodes.layout;
    this.#make();
    this.version++;
  }

  #make(): void {
    const { nodes, demands } = this.#cluster;
    const kinds = [...demands.kinds()].map(({ example, gpu, seen, cpuMilli, memoryBytes }) => ({
      ...gpu,
      cpuMilli: cpuMilli / seen,
      memoryBytes: memoryBytes / seen,
      verdicts: this.#masks.verdicts(example, this.#cluster),
      worth: seen,
    }));
    const places = new Float64Array(kinds.length);
    const room = new GpuRoom(nodes, kinds, this.#rules);
    for (const node of nodes.indexes()) room.addPlaces(node, places);
    this.kinds = kinds.map((kind, index) => ({ ...kind, worth: this.#rules.worth(kind.worth, places[index]!) }));
    this.#room = new GpuRoom(nodes, this.kinds, this.#rules);
    this.most = 0;
    for (const node of nodes.indexes()) this.most = Math.max(this.most, this.#room.worth(node));
  }
}
