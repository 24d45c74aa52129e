import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import { sharedDoubles } from '../state/shared.ts';
import type { NodeHeaps } from './node-heap.ts';
import type { PreparedClass } from './prepared.ts';

/** Nodes scored and in order for one class. */
export interface Ranking {
  /** By node index. */
  readonly scores: Float64Array<SharedArrayBuffer>;
  readonly heaps: NodeHeaps;
}

interface Kept extends Ranking {
  readonly podClass: PodClass;
  readonly layout: number;
  readonly images: number;
  /** Places in the logs of nodes up to which it is true. */
  staticUpTo: number;
  loadUpTo: number;
}

/** Bytes that are kept, at 16 a node and ranking; the least recently used go first. */
const maxBytes = 128 * 1024 * 1024;
const bytesPerNode = 16;
/** Where more than one in so many nodes changed, scanning all anew is cheaper than moving each in its heap. */
const rescanShare = 8;
/** As few changes as these are always worth it. */
const fewChanges = 32;

/**
 * Rankings kept from batch to batch. The next pods of a class cost only what has changed since the last ones, whatever
 * the size of the cluster. Rules about the pods around change with each placement anywhere: classes that have any, or of
 * which others speak, are ranked anew each time.
 */
export class Rankings {
  readonly #cluster: ClusterState;
  readonly #kept = new Map<string, Kept>();

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  /** A kept ranking, brought up to date; undefined where there is none that is worth it. */
  find(prepared: PreparedClass): Ranking | undefined {
    const { podClass } = prepared;
    const kept = this.#kept.get(keyOf(prepared));
    if (kept === undefined || kept.podClass !== podClass || !canKeep(prepared)) return undefined;
    const { nodes } = this.#cluster;
    const changes = nodes.staticLog.countSince(kept.staticUpTo) + nodes.loadLog.countSince(kept.loadUpTo);
    const isSame = kept.layout === nodes.layout && kept.images === nodes.images.version;
    if (!isSame || changes > Math.max(fewChanges, nodes.end / rescanShare)) return undefined;
    for (const changed of [nodes.staticLog.since(kept.staticUpTo), nodes.loadLog.since(kept.loadUpTo)]) {
      for (const node of changed) {
        kept.scores[node] = prepared.evaluate(node);
        kept.heaps.changed(node);
      }
    }
    return kept;
  }

  /** Keeps a ranking that is up to date now. */
  keep(prepared: PreparedClass, ranking: Ranking): void {
    if (!canKeep(prepared)) return;
    const { nodes } = this.#cluster;
    const key = keyOf(prepared);
    this.#kept.delete(key);
    this.#kept.set(key, {
      ...ranking,
      podClass: prepared.podClass,
      layout: nodes.layout,
      images: nodes.images.version,
      staticUpTo: nodes.staticLog.end,
      loadUpTo: nodes.loadLog.end,
    });
    const most = Math.max(1, Math.floor(maxBytes / (bytesPerNode * nodes.capacity)));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= most) break;
      this.#kept.delete(oldest);
    }
  }

  /** Room for the scores of a new ranking. */
  newScores(): Float64Array<SharedArrayBuffer> {
    return sharedDoubles(this.#cluster.nodes.capacity);
  }
}

function canKeep({ groupRules, nodeRules }: PreparedClass): boolean {
  return groupRules.length === 0 && nodeRules.length === 0;
}

function keyOf({ podClass, profile }: PreparedClass): string {
  return `${profile.name} ${podClass.requirement.key}`;
}
