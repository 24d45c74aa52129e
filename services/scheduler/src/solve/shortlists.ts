import type { Profile } from '../profiles.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import type { PreparedClass } from './prepared.ts';
import type { Shortlist } from './shortlist.ts';

/** Places in the logs of nodes up to which something derived from the nodes is true. */
export interface LogPlaces {
  readonly staticUpTo: number;
  readonly loadUpTo: number;
}

interface Kept {
  readonly profile: Profile;
  readonly list: Shortlist;
  /** Its size, in nodes. */
  readonly size: number;
  /** Names what the scores depend on beside the node itself. */
  readonly context: string;
  readonly places: LogPlaces;
}

/** Nodes on all lists that are kept; the least recently used lists go first. */
const maxNodesKept = 4_000_000;
/** A list takes as much room beside its nodes as so many of them: short lists, also of classes that are gone, are bounded too. */
const nodesPerList = 64;
/** If more than one in so many nodes of a list changed, choosing anew is cheaper than rescoring each. */
const rescanShare = 2;
/** As few changes as these are always worth it. */
const fewChanges = 32;

/**
 * Shortlists kept from batch to batch. The next pods of a class cost only what has changed since the last ones, whatever
 * the size of the cluster. Rules about the pods around change with each placement anywhere: classes that have any, or of
 * which others speak, get a new list each time.
 */
export class Shortlists {
  readonly #cluster: ClusterState;
  readonly #kept = new Map<PodClass, Kept>();
  readonly #changed = new ChangedNodes();
  readonly #maxNodesKept: number;
  #nodesKept = 0;

  constructor(cluster: ClusterState, mostNodes = maxNodesKept) {
    this.#cluster = cluster;
    this.#maxNodesKept = mostNodes;
  }

  /**
   * How many changes of nodes there were since the list of a class was used last; 0 where it has none.
   * @param coming Changes that are still to come before it is used.
   */
  changesFor(prepared: PreparedClass, coming = 0): number {
    const kept = this.#current(prepared);
    return kept === undefined ? 0 : Math.min(this.#changesSince(kept.places) + coming, this.#cluster.nodes.end);
  }

  /** True where the list of a class will still be worth bringing up to date after so many more changes. */
  lasts(prepared: PreparedClass, coming: number): boolean {
    const kept = this.#current(prepared);
    return kept !== undefined && this.#isWorth(kept, this.#changesSince(kept.places) + coming);
  }

  /** A kept list, brought up to date; undefined where there is none that is worth it. */
  find(prepared: PreparedClass): Shortlist | undefined {
    const kept = this.#current(prepared);
    if (kept === undefined || !this.#isWorth(kept, this.#changesSince(kept.places))) return undefined;
    this.update(kept.list, prepared, kept.places);
    return kept.list;
  }

  /** Brings a list up to date that was true at some places in the logs. */
  update(list: Shortlist, prepared: PreparedClass, { staticUpTo, loadUpTo }: LogPlaces): void {
    const { staticLog, loadLog, end } = this.#cluster.nodes;
    if (staticLog.end === staticUpTo && loadLog.end === loadUpTo) return;
    const changed = this.#changed;
    changed.clear(end);
    staticLog.visitSince(staticUpTo, changed.add);
    loadLog.visitSince(loadUpTo, changed.add);
    list.update(changed.nodes, changed.has, (node) => prepared.evaluate(node));
  }

  /** Keeps a list that is up to date now. */
  keep(prepared: PreparedClass, list: Shortlist): void {
    if (!canKeep(prepared)) return;
    const { podClass, profile } = prepared;
    const size = list.size + nodesPerList;
    this.#drop(podClass);
    this.#kept.set(podClass, { profile, list, size, context: this.#contextOf(prepared), places: this.now() });
    this.#nodesKept += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#nodesKept <= this.#maxNodesKept || this.#kept.size === 1) break;
      this.#drop(oldest);
    }
  }

  /** The places in the logs now. */
  now(): LogPlaces {
    const { staticLog, loadLog } = this.#cluster.nodes;
    return { staticUpTo: staticLog.end, loadUpTo: loadLog.end };
  }

  #current(prepared: PreparedClass): Kept | undefined {
    if (!canKeep(prepared)) return undefined;
    const kept = this.#kept.get(prepared.podClass);
    if (kept?.profile !== prepared.profile || kept.context !== this.#contextOf(prepared)) return undefined;
    return kept;
  }

  #isWorth({ list }: Kept, changes: number): boolean {
    return changes <= Math.max(fewChanges, list.size / rescanShare);
  }

  #changesSince({ staticUpTo, loadUpTo }: LogPlaces): number {
    const { staticLog, loadLog } = this.#cluster.nodes;
    return staticLog.countSince(staticUpTo) + loadLog.countSince(loadUpTo);
  }

  /** Key of a list: the profile's scores, and the node count, images and typical requests behind them. */
  #contextOf({ scores, pricesVersion }: PreparedClass): string {
    if (scores.length === 0) return '';
    const { nodes, typical } = this.#cluster;
    return `${nodes.count} ${nodes.images.version} ${typical.version} ${pricesVersion} ${scores.map(({ plugin }) => plugin).join(' ')}`;
  }

  #drop(podClass: PodClass): void {
    this.#nodesKept -= this.#kept.get(podClass)?.size ?? 0;
    this.#kept.delete(podClass);
  }
}

/** A set of nodes that is emptied at no cost. */
class ChangedNodes {
  readonly nodes: number[] = [];
  #stamps = new Int32Array(0);
  #stamp = 0;

  clear(end: number): void {
    if (this.#stamps.length < end) this.#stamps = new Int32Array(2 * end);
    this.#stamp++;
    this.nodes.length = 0;
  }

  readonly add = (node: number): void => {
    if (this.#stamps[node] === this.#stamp) return;
    this.#stamps[node] = this.#stamp;
    this.nodes.push(node);
  };

  readonly has = (node: number): boolean => this.#stamps[node] === this.#stamp;
}

function canKeep({ groupRules, nodeRules, podClass }: PreparedClass): boolean {
  return groupRules.length === 0 && nodeRules.length === 0 && podClass.requirement.claims.length === 0;
}
