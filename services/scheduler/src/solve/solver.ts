import { staticFilters } from '../plugins.ts';
import type { Profile } from '../profiles.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass, PodRecord } from '../state/pod-class.ts';
import { type Grouping, groupNodes } from './grouping.ts';
import { NodeHeaps } from './node-heap.ts';
import { PreparedClass } from './prepared.ts';
import { type Ranking, Rankings } from './rankings.ts';
import { refused, type ScanInput, scanNodes } from './resource-scan.ts';
import { StaticMasks } from './static-masks.ts';

/** Scans all nodes below `end`, on this thread or on several. */
export type Scan = (input: ScanInput, end: number, scores: Float64Array) => void;

/** What a batch of pods of one class came to. */
export interface Solution {
  /** How many of the pods, from the first, have a node now. */
  readonly placed: number;
}

/**
 * Places pods of one class after another, each on the best node as it is by then. The nodes are scanned once and kept in
 * heaps, so k pods on N nodes cost O(N + k log N), and O(k log N) where the ranking of the last batch is still good; each
 * placement changes the cluster's state at once.
 */
export class Solver {
  readonly masks = new StaticMasks(staticFilters);
  readonly #cluster: ClusterState;
  readonly #seed: number;
  readonly #scan: Scan;
  readonly #rankings: Rankings;

  /** @param seed Decides between equally good nodes. */
  constructor(cluster: ClusterState, seed: number, scan: Scan = scanHere) {
    this.#cluster = cluster;
    this.#seed = seed;
    this.#scan = scan;
    this.#rankings = new Rankings(cluster);
  }

  /** Gives nodes to as many of the pods as possible, in order. All must be of the class and have no node. */
  solve(podClass: PodClass, pods: readonly PodRecord[], profile: Profile): Solution {
    const prepared = this.prepare(podClass, profile);
    if (podClass.unknownResources.length > 0) return { placed: 0 };
    const grouping = groupNodes(prepared.groupRules, this.#cluster.nodes.end);
    let ranking = this.#rankings.find(prepared) ?? this.#rank(prepared, grouping);
    let placed = 0;
    for (const pod of pods) {
      const group = bestGroup(ranking, grouping, prepared);
      if (group < 0) break;
      const node = ranking.heaps.top(group);
      this.#cluster.place(pod, node, []);
      placed++;
      if (notePlacement(prepared, node)) {
        ranking = this.#rank(prepared, grouping);
      } else {
        ranking.scores[node] = prepared.evaluate(node);
        ranking.heaps.changed(node);
      }
    }
    this.#rankings.keep(prepared, ranking);
    return { placed };
  }

  /** All plugins made ready for a class, on the cluster as it is now. */
  prepare(podClass: PodClass, profile: Profile): PreparedClass {
    return new PreparedClass(podClass, this.#cluster, profile, this.masks.verdicts(podClass, this.#cluster));
  }

  /** Scores all nodes and puts them into heaps. */
  #rank(prepared: PreparedClass, grouping: Grouping): Ranking {
    const { end } = this.#cluster.nodes;
    const scores = this.#rankings.newScores();
    this.#scan(prepared.scan, end, scores);
    if (!prepared.isPlain) {
      for (let node = 0; node < end; node++) {
        if (scores[node] !== refused) scores[node] = prepared.judge(node, scores[node]!);
      }
    }
    return { scores, heaps: new NodeHeaps(end, grouping.count, grouping.groupOf, scores, this.#seed) };
  }
}

const scanHere: Scan = (input, end, scores) => scanNodes(input, 0, end, scores);

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
