import { staticFilters } from '../plugins.ts';
import type { Profile } from '../profiles.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';
import { type Grouping, groupNodes } from './grouping.ts';
import { NodeHeaps } from './node-heap.ts';
import { PreparedClass } from './prepared.ts';
import { refused, scanNodes } from './resource-scan.ts';
import { RoomPrices } from './room-prices.ts';
import { type Floor, floorFor, noFloor, type Selection, select } from './selection.ts';
import { Shortlist } from './shortlist.ts';
import { Shortlists } from './shortlists.ts';
import { StaticMasks } from './static-masks.ts';

/** A batch to be solved in a cycle. */
export interface Batch {
  readonly podClass: PodClass;
  readonly profile: Profile;
  readonly pods: number;
}

/** A request for the best nodes for a class, to other threads. */
export interface ListRequest {
  readonly prepared: PreparedClass;
  /** Nodes to choose, about. */
  readonly wanted: number;
}

/** Makes lists on several threads, ahead of when they are asked for. See workers/list-maker.ts. */
export interface ListMaker {
  /** Starts with lists that will be asked for in this order, before `finish`. */
  start(requests: readonly ListRequest[]): void;
  isWorth(lists: number): boolean;
  /** The nodes of a list, true up to a place in the log of loads; undefined where the caller is to choose them. */
  take(index: number): { selection: Selection; found: number; floor: Floor; loadUpTo: number } | undefined;
  finish(): void;
}

/** A shortlist holds so many nodes for each pod that asks for one, and never fewer than `fewestListed`. */
const listedPerPod = 2;
const fewestListed = 128;
/** With fewer nodes than this for each change between two uses of a list, a scan is cheaper than updates. */
const leastNodesPerChange = 8;

/**
 * Places pods of one class after another, each on the best node as it is by then. Each placement changes the cluster's
 * state at once. The nodes are scanned once and the best of them kept in a heap, so k pods on N nodes cost O(N + k log k),
 * and O(k log k) where the list of the last batch is still good.
 */
export class Solver {
  readonly masks = new StaticMasks(staticFilters);
  readonly prices: RoomPrices;
  readonly #cluster: ClusterState;
  readonly #seed: number;
  readonly #lists: Shortlists;
  readonly #maker: ListMaker | undefined;
  /** Classes whose lists were asked of the maker, with their places. */
  readonly #announced = new Map<PodClass, { readonly prepared: PreparedClass; readonly index: number }>();
  /** Place in the log of static changes at which they were. */
  #announcedAt = 0;
  /** Room for one scan. */
  #scores = new Float64Array(0);
  #selection = newSelection(0);

  /**
   * @param seed Decides between equally good nodes.
   * @param maker Helps where many classes are solved in one cycle. The result is the same without.
   */
  constructor(cluster: ClusterState, seed: number, maker?: ListMaker) {
    this.#cluster = cluster;
    this.#seed = seed;
    this.#maker = maker;
    this.#lists = new Shortlists(cluster);
    this.prices = new RoomPrices(cluster, this.masks);
  }

  /** Tells what will be solved until `finish`, in this order. */
  announce(batches: readonly Batch[]): void {
    if (this.#maker?.isWorth(batches.length) !== true) return;
    this.#announcedAt = this.#lists.now().staticUpTo;
    const requests: ListRequest[] = [];
    /** Each pod that is placed before a batch's turn comes changes a node. */
    let coming = 0;
    for (const { podClass, profile, pods } of batches) {
      const before = coming;
      coming += pods;
      if (podClass.unknownResources.length > 0 || podClass.requirement.nodeNames !== undefined) continue;
      // Prices are as they are when the batch's turn comes.
      if (profile.weights.gpuPacking > 0 || this.#announced.has(podClass)) continue;
      const prepared = this.prepare(podClass, profile);
      if (!prepared.isPlain || prepared.groupRules.length > 0 || this.#lists.lasts(prepared, before)) continue;
      this.#announced.set(podClass, { prepared, index: requests.length });
      requests.push({ prepared, wanted: this.#listLength(prepared, pods, before) });
    }
    if (this.#maker.isWorth(requests.length)) this.#maker.start(requests);
    else this.#announced.clear();
  }

  /** Ends the cycle: all announced batches are solved. */
  finish(): void {
    this.#announced.clear();
    this.#maker?.finish();
  }

  /**
   * Gives nodes to as many of the pods as possible, in order; returns to how many. All must be of the class and have no
   * node.
   */
  solve(podClass: PodClass, pods: readonly PodRecord[], profile: Profile): number {
    if (podClass.unknownResources.length > 0) return 0;
    const prepared = this.#announcedClass(podClass, profile) ?? this.prepare(podClass, profile);
    return prepared.groupRules.length > 0 ? this.#inGroups(prepared, pods) : this.#fromList(prepared, pods);
  }

  /** All plugins made ready for a class, on the cluster as it is now. */
  prepare(podClass: PodClass, profile: Profile): PreparedClass {
    if (profile.weights.gpuPacking > 0) this.prices.refresh();
    const verdicts = this.masks.verdicts(podClass, this.#cluster);
    return new PreparedClass(podClass, this.#cluster, profile, verdicts, this.prices);
  }

  #fromList(prepared: PreparedClass, pods: readonly PodRecord[]): number {
    let list = this.#announcedList(prepared) ?? this.#lists.find(prepared) ?? this.#select(prepared, pods.length);
    let placed = 0;
    for (const pod of pods) {
      if (list.size === 0 && list.isPartial) list = this.#select(prepared, pods.length - placed);
      const node = list.top();
      if (node < 0) break;
      this.#cluster.place(pod, node, prepared.devices(node));
      placed++;
      if (notePlacement(prepared, node)) list = this.#select(prepared, pods.length - placed);
      else list.topChanged(prepared.evaluate(node));
    }
    this.#lists.keep(prepared, list);
    return placed;
  }

  /** A class as it was made ready when it was announced; plain ones are no different afterwards, unless nodes themselves are. */
  #announcedClass(podClass: PodClass, profile: Profile): PreparedClass | undefined {
    const prepared = this.#announced.get(podClass)?.prepared;
    const isSame = prepared?.profile === profile && this.#announcedAt === this.#lists.now().staticUpTo;
    return isSame ? prepared : undefined;
  }

  #announcedList(prepared: PreparedClass): Shortlist | undefined {
    const announced = this.#announced.get(prepared.podClass);
    if (announced?.prepared.profile !== prepared.profile) return undefined;
    const made = this.#maker?.take(announced.index);
    if (made === undefined) return undefined;
    const list = new Shortlist(made.selection, made.found, made.floor, this.#seed);
    this.#lists.update(list, prepared, { staticUpTo: this.#announcedAt, loadUpTo: made.loadUpTo });
    return list;
  }

  /** Each group of nodes has its own best; which group is best changes with each placement. */
  #inGroups(prepared: PreparedClass, pods: readonly PodRecord[]): number {
    const grouping = groupNodes(prepared.groupRules, this.#cluster.nodes.end);
    let ranking = this.#rank(prepared, grouping);
    let placed = 0;
    for (const pod of pods) {
      const group = bestGroup(ranking, grouping, prepared);
      if (group < 0) break;
      const node = ranking.heaps.top(group);
      this.#cluster.place(pod, node, prepared.devices(node));
      placed++;
      if (notePlacement(prepared, node)) {
        ranking = this.#rank(prepared, grouping);
      } else {
        ranking.scores[node] = prepared.evaluate(node);
        ranking.heaps.changed(node);
      }
    }
    return placed;
  }

  /** The best nodes for so many pods. */
  #select(prepared: PreparedClass, pods: number): Shortlist {
    const { end } = this.#cluster.nodes;
    const scores = this.#score(prepared);
    const floor = floorFor(this.#listLength(prepared, pods), scores, end, this.#seed);
    const found = select(scores, end, floor, this.#seed, this.#selection);
    // Samples may deceive.
    if (found === 0 && floor !== noFloor) return this.#select(prepared, end);
    return new Shortlist(this.#selection, found, floor, this.#seed);
  }

  /**
   * Nodes to put on a list. Each change of a node elsewhere may use one of them up; the longer the list, the longer it
   * lasts, but the more there is to do each time it is used. In between lies the geometric mean of changes and nodes.
   * A list of most of the nodes would not outlive the changes: a short one is built for this pass alone.
   */
  #listLength(prepared: PreparedClass, pods: number, coming = 0): number {
    const { end } = this.#cluster.nodes;
    const changes = this.#lists.changesFor(prepared, coming);
    const lasting = end > leastNodesPerChange * changes ? Math.sqrt(end * changes) : 0;
    return Math.max(fewestListed, listedPerPod * pods, lasting);
  }

  #rank(prepared: PreparedClass, grouping: Grouping): Ranking {
    const scores = this.#score(prepared);
    return {
      scores,
      heaps: new NodeHeaps(this.#cluster.nodes.end, grouping.count, grouping.groupOf, scores, this.#seed),
    };
  }

  /** Scores all nodes. Valid until the next call. */
  #score(prepared: PreparedClass): Float64Array {
    const { end, capacity } = this.#cluster.nodes;
    if (this.#selection.nodes.length < capacity) {
      this.#selection = newSelection(capacity);
      this.#scores = new Float64Array(capacity);
    }
    const scores = this.#scores;
    scanNodes(prepared.scan, end, scores);
    if (prepared.isPlain) return scores;
    for (let node = 0; node < end; node++) {
      if (scores[node] !== refused) scores[node] = prepared.judge(node, scores[node]!);
    }
    return scores;
  }
}

/** Nodes scored and in order for one class. */
interface Ranking {
  /** By node index. */
  readonly scores: Float64Array;
  readonly heaps: NodeHeaps;
}

function newSelection(room: number): Selection {
  return { nodes: new Int32Array(room), scores: new Float64Array(room) };
}

/** The group whose top is best with what the group's rules say; -1 where no group may take a pod. */
function bestGroup({ heaps, scores }: Ranking, grouping: Grouping, prepared: PreparedClass): number {
  if (prepared.groupRules.length === 0) return heaps.top(0) < 0 ? -1 : 0;
  let best = -1;
  let bestNode = -1;
  let bestScore = 0;
  for (let group = 0; group < heaps.groups; group++) {
    const node = heaps.top(group);
    if (node < 0) continue;
    const groupScore = scoreGroup(prepared, grouping, group);
    if (groupScore === refused) continue;
    const score = scores[node]! + groupScore;
    if (best < 0 || heaps.better(node, score, bestNode, bestScore)) {
      best = group;
      bestNode = node;
      bestScore = score;
    }
  }
  return best;
}

function scoreGroup({ groupRules }: PreparedClass, grouping: Grouping, group: number): number {
  let score = 0;
  for (let index = 0; index < groupRules.length; index++) {
    const { rule, weight } = groupRules[index]!;
    const domain = grouping.domainOf(group, index);
    if (!rule.allows(domain)) return refused;
    score += weight * rule.score(domain);
  }
  return score;
}

/** Tells the rules of a placement. True where nodes other than this one may be judged differently now. */
function notePlacement({ nodeRules, groupRules }: PreparedClass, node: number): boolean {
  for (const { rule } of groupRules) rule.placed(node);
  let others = false;
  for (const { rule } of nodeRules) if (rule.placed(node)) others = true;
  return others;
}
