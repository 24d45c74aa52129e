import type { BudgetAccount } from '../preempt/budgets.ts';
import type { Mobility } from '../requirement.ts';
import { refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';
import { fullness } from './fullness.ts';

/** How much may be moved at once, and for what. */
export interface DefragLimits {
  /** Pods that move, at most. */
  readonly maxMoves: number;
  /** Nodes that must become free for each pod that moves: 0.1 is one node for ten pods or fewer. */
  readonly minGain: number;
}

/** A pod that moves: it is evicted, and the one made in its place gets another node. */
export interface Move {
  readonly pod: PodRecord;
  readonly from: number;
  readonly to: number;
}

/** A node that its moves leave without pods, but for those that every node has. */
export interface FreedNode {
  readonly node: number;
  readonly moves: readonly Move[];
}

/** Why a node stays as it is. */
export type KeepReason =
  | Exclude<Mobility, 'movable' | 'onePerNode'>
  /** There is nothing to move: it is free. */
  | 'free'
  | 'cordoned'
  /** Pods are coming or going. */
  | 'inMotion'
  /** Some pods fit on no other node in use. */
  | 'noRoom'
  | 'budget'
  /** More pods than its gain is worth, or than may still move. */
  | 'tooManyMoves'
  /** It takes pods from nodes that become free. */
  | 'takesPods'
  | 'notLookedAt';

/** Nodes that become free, and reasons why others do not. */
export interface DefragPlan {
  readonly freed: readonly FreedNode[];
  readonly kept: ReadonlyMap<KeepReason, readonly number[]>;
}

/** Nodes that are tried at most: each try looks for room for all pods of the node. */
const maxTries = 200;

/**
 * Finds moves that free whole nodes: nodes with the fewest pods first, their pods each to the fullest node in use that takes
 * it by all rules, as it would be by then. Nodes that take pods are not emptied themselves, so that no pod moves twice.
 * The cluster is tried out in place, and is the same afterwards.
 */
export function planDefrag(cluster: ClusterState, budgets: BudgetAccount, limits: DefragLimits): DefragPlan {
  const kept = new Map<KeepReason, number[]>();
  const keep = (node: number, reason: KeepReason): void => {
    kept.set(reason, [...(kept.get(reason) ?? []), node]);
  };
  const candidates: Candidate[] = [];
  const inUse: number[] = [];
  for (const node of cluster.nodes.indexes()) {
    const pods = [...cluster.podsOn(node)];
    const obstacle = obstacleOn(node, pods, cluster);
    if (obstacle !== 'free') inUse.push(node);
    if (obstacle === undefined) candidates.push({ node, pods: pods.filter(isMovable) });
    else keep(node, obstacle);
  }
  using trial = new Trial(cluster, budgets, inUse);
  const freed: FreedNode[] = [];
  let movesLeft = limits.maxMoves;
  let triesLeft = maxTries;
  for (const candidate of candidates.toSorted((left, right) => byEffort(left, right, cluster))) {
    const { node, pods } = candidate;
    if (trial.takesPods(node)) {
      keep(node, 'takesPods');
    } else if (pods.length > Math.min(movesLeft, 1 / limits.minGain)) {
      keep(node, 'tooManyMoves');
    } else if (triesLeft-- <= 0) {
      keep(node, 'notLookedAt');
    } else {
      const outcome = trial.empty(candidate);
      if (typeof outcome === 'string') {
        keep(node, outcome);
        continue;
      }
      freed.push({ node, moves: outcome });
      movesLeft -= outcome.length;
    }
  }
  return { freed, kept };
}

interface Candidate {
  readonly node: number;
  /** Pods that would move. */
  readonly pods: readonly PodRecord[];
}

function isMovable({ mobility }: PodRecord): boolean {
  return mobility === 'movable';
}

/** The reason why a node cannot be emptied; undefined if it can. */
function obstacleOn(node: number, pods: readonly PodRecord[], { nodes }: ClusterState): KeepReason | undefined {
  const inTheWay = pods.filter(({ mobility }) => mobility !== 'onePerNode');
  if (inTheWay.length === 0) return 'free';
  if (nodes.unschedulable[node] === 1) return 'cordoned';
  if (inTheWay.some(({ state, terminating, evicting }) => state !== 'bound' || terminating || evicting))
    return 'inMotion';
  const immovable = inTheWay.find((pod) => !isMovable(pod));
  return immovable === undefined ? undefined : (immovable.mobility as Exclude<Mobility, 'movable' | 'onePerNode'>);
}

function byEffort(left: Candidate, right: Candidate, cluster: ClusterState): number {
  return (
    left.pods.length - right.pods.length ||
    fullness(cluster.nodes, left.node) - fullness(cluster.nodes, right.node) ||
    left.node - right.node
  );
}

/** Moves made to see whether they can be; disposing of it takes them all back. */
class Trial implements Disposable {
  readonly #cluster: ClusterState;
  readonly #budgets: BudgetAccount;
  /** Nodes that may take pods, the fullest first: a node without pods that took some would be no gain. */
  readonly #targets: number[];
  readonly #made: (Move & { readonly devices: PodRecord['devices'] })[] = [];

  constructor(cluster: ClusterState, budgets: BudgetAccount, inUse: readonly number[]) {
    this.#cluster = cluster;
    this.#budgets = budgets;
    this.#targets = inUse.toSorted((left, right) => fullness(cluster.nodes, right) - fullness(cluster.nodes, left));
  }

  takesPods(node: number): boolean {
    return this.#made.some(({ to }) => to === node);
  }

  /** Moves all pods of a node away, or none. */
  empty({ node, pods }: Candidate): readonly Move[] | KeepReason {
    const before = this.#made.length;
    const { nodes } = this.#cluster;
    for (const pod of pods.toSorted((left, right) => bySize(left, right, nodes))) {
      const problem = this.#move(pod, node);
      if (problem === undefined) continue;
      this.#takeBack(before);
      return problem;
    }
    // From now on it is empty, and stays so.
    this.#targets.splice(this.#targets.indexOf(node), 1);
    return this.#made.slice(before);
  }

  [Symbol.dispose](): void {
    this.#takeBack(0);
  }

  #move(pod: PodRecord, from: number): KeepReason | undefined {
    const { class: podClass } = pod;
    if (!this.#budgets.take(podClass.requirement)) return 'budget';
    const { devices } = pod;
    this.#cluster.displace(pod);
    const refusalBy = refusals(podClass, this.#cluster);
    const to = this.#targets.find((node) => node !== from && refusalBy(node) === undefined);
    if (to !== undefined) {
      this.#cluster.place(pod, to, []);
      this.#made.push({ pod, from, to, devices });
      return undefined;
    }
    this.#cluster.place(pod, from, devices);
    this.#budgets.giveBack(podClass.requirement);
    return 'noRoom';
  }

  #takeBack(before: number): void {
    for (const { pod, from, devices } of this.#made.splice(before).reverse()) {
      this.#cluster.displace(pod);
      this.#cluster.place(pod, from, devices);
      this.#budgets.giveBack(pod.class.requirement);
    }
  }
}

/** The larger first, and among equals always in one order: a plan that was shown is the one that is carried out. */
function bySize(left: PodRecord, right: PodRecord, nodes: ClusterState['nodes']): number {
  return size(right, nodes) - size(left, nodes) || (left.uid < right.uid ? -1 : 1);
}

/** The largest share of its node that a pod takes: those that are hard to place go first. */
function size({ node, class: { dimensions, amounts } }: PodRecord, { allocatable }: ClusterState['nodes']): number {
  return Array.from(dimensions).reduce((most, dimension, index) => {
    const available = allocatable[dimension]![node]!;
    return Math.max(most, available > 0 ? amounts[index]! / available : 0);
  }, 0);
}
