import type { StaticFilter } from '../plugin.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import { sharedBytes } from '../state/shared.ts';

/** Verdict on slots that are no node. Below it, verdict k is a refusal by the k-th static filter; 0 lets pass. */
export const noNode = 255;

/** Bytes of masks that are kept; the least recently used go first. */
const maxBytes = 64 * 1024 * 1024;

interface Mask {
  verdicts: Uint8Array<SharedArrayBuffer>;
  /** Place in the log of node changes up to which it is true. */
  upTo: number;
}

/** Verdicts of the static filters by node, kept from cycle to cycle for each static part of a requirement. */
export class StaticMasks {
  readonly #filters: readonly StaticFilter[];
  readonly #masks = new Map<string, Mask>();

  constructor(filters: readonly StaticFilter[]) {
    this.#filters = filters;
  }

  /** The verdicts on all nodes as they are now. Valid until the next change of a node. */
  verdicts(podClass: PodClass, cluster: ClusterState): Uint8Array<SharedArrayBuffer> {
    const { staticKey, nodeNames } = podClass.requirement;
    // Pods made for named nodes: each has a key of its own, and next to nothing to look at.
    if (nodeNames !== undefined) return this.#namedOnly(podClass, cluster, nodeNames);
    let mask = this.#masks.get(staticKey);
    const { staticLog } = cluster.nodes;
    const changes = mask === undefined ? Number.POSITIVE_INFINITY : staticLog.countSince(mask.upTo);
    if (mask === undefined || changes > cluster.nodes.end || mask.verdicts.length < cluster.nodes.capacity) {
      mask = { verdicts: sharedBytes(cluster.nodes.capacity).fill(noNode), upTo: 0 };
      this.#judge(podClass, cluster, cluster.nodes.indexes(), mask.verdicts);
    } else if (changes > 0) {
      this.#judge(podClass, cluster, staticLog.since(mask.upTo), mask.verdicts);
    }
    mask.upTo = staticLog.end;
    this.#keep(staticKey, mask);
    return mask.verdicts;
  }

  #namedOnly(podClass: PodClass, cluster: ClusterState, names: readonly string[]): Uint8Array<SharedArrayBuffer> {
    const byNames = this.#filters.findIndex(({ name }) => name === 'NodeAffinity') + 1;
    const verdicts = sharedBytes(cluster.nodes.capacity).fill(noNode);
    for (let node = 0; node < cluster.nodes.end; node++) {
      if (cluster.nodes.present[node] === 1) verdicts[node] = byNames;
    }
    const named = names.map((name) => cluster.nodes.indexOf(name)).filter((node) => node !== undefined);
    this.#judge(podClass, cluster, named, verdicts);
    return verdicts;
  }

  #judge(podClass: PodClass, cluster: ClusterState, nodes: Iterable<number>, verdicts: Uint8Array): void {
    const prepared = this.#filters.map((filter) => filter.prepare(podClass, cluster));
    for (const node of nodes) {
      if (cluster.nodes.present[node] === 0) verdicts[node] = noNode;
      else verdicts[node] = prepared.findIndex((filter) => filter !== undefined && !filter.passes(node)) + 1;
    }
  }

  #keep(key: string, mask: Mask): void {
    this.#masks.delete(key);
    this.#masks.set(key, mask);
    let bytes = this.#masks.size * mask.verdicts.length;
    for (const oldest of this.#masks.keys()) {
      if (bytes <= maxBytes || this.#masks.size === 1) return;
      this.#masks.delete(oldest);
      bytes -= mask.verdicts.length;
    }
  }
}
