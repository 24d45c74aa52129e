import { BinaryHeap } from '@gantry/runtime/binary-heap.ts';
import { deviceFilters, nodeFilters, volumeFilters } from '../plugins.ts';
import { countedReasons, looksBeyondNode, refusals } from '../solve/diagnosis.ts';
import type { ClusterState } from '../state/cluster.ts';
import type { PodClass } from '../state/pod-class.ts';
import type { BudgetAccount } from './budgets.ts';
import { type Candidate, candidateOn, compareCandidates } from './candidate.ts';
import { type Trial, TrialBySums, trialByDoing } from './trial.ts';

const notHelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';
const notWanted = ' preemption: not eligible due to preemptionPolicy=Never.';

/** Nodes tried for a pod whose rules look beyond the node: each try costs a look at all of them. */
const maxTriesBeyondNode = 500;

/**
 * Finds nodes for pods of one class by evicting others. Candidates are ranked once for the whole batch; the best node is
 * taken, and judged anew for the next pod.
 */
export class PreemptionPlan {
  readonly #podClass: PodClass;
  readonly #cluster: ClusterState;
  readonly #budgets: BudgetAccount;
  readonly #candidates = new BinaryHeap<Candidate>((left, right) => compareCandidates(left, right) < 0);
  readonly #reasons = new Map<string, number>();
  readonly #trialOn: (node: number) => Trial;

  constructor(podClass: PodClass, cluster: ClusterState, budgets: BudgetAccount) {
    this.#podClass = podClass;
    this.#cluster = cluster;
    this.#budgets = budgets;
    const isBeyondNode = looksBeyondNode(podClass, cluster);
    const refusalBy = refusals(podClass, cluster);
    const fits = (node: number): boolean =>
      (isBeyondNode ? refusals(podClass, cluster) : refusalBy)(node) === undefined;
    const onlyAmounts = !isBeyondNode && !asksMoreOfNodes(podClass, cluster);
    this.#trialOn = onlyAmounts
      ? (node) => new TrialBySums(node, podClass, cluster)
      : (node) => trialByDoing(node, cluster, fits);
    let tries = isBeyondNode ? maxTriesBeyondNode : Number.POSITIVE_INFINITY;
    for (const node of cluster.nodes.indexes()) {
      if (refusalBy(node)?.helpedByPreemption !== true) {
        this.#count(notHelpful);
      } else if (tries <= 0) {
        this.#count(noVictims);
      } else if (this.#try(node)) {
        tries--;
      } else {
        this.#count(noVictims);
      }
    }
  }

  /** The node whose pods are cheapest to evict; undefined where evicting helps nowhere. The caller carries it out at once. */
  next(): Candidate | undefined {
    for (let best = this.#candidates.pop(); best !== undefined; best = this.#candidates.pop()) {
      // Others of the batch may have taken from the node, or from the budgets, since it was judged.
      const now = this.#judge(best.node);
      if (now === undefined) continue;
      if (compareCandidates(now, best) > 0) {
        this.#candidates.push(now);
        continue;
      }
      for (const victim of now.victims) this.#budgets.take(victim.class.requirement);
      return now;
    }
    return undefined;
  }

  /** A pod of the batch has the node of a candidate now; perhaps another fits there too. */
  taken(node: number): void {
    this.#try(node);
  }

  /** Why evicting helps nowhere, as kube-scheduler prints it behind the message. */
  get message(): string {
    return preemptionMessage(this.#cluster.nodes.count, this.#reasons);
  }

  #try(node: number): boolean {
    const candidate = this.#judge(node);
    if (candidate === undefined) return false;
    this.#candidates.push(candidate);
    return true;
  }

  #judge(node: number): Candidate | undefined {
    const { priority } = this.#podClass.requirement;
    return candidateOn(node, priority, this.#cluster, this.#budgets, this.#trialOn);
  }

  #count(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }
}

/** True where pods may be evicted for those of a class, and there are any that may. */
export function mayPreempt({ requirement }: PodClass, cluster: ClusterState): boolean {
  return requirement.mayPreempt && cluster.hasPodsBelow(requirement.priority);
}

/** True where filters beside that of resources look at the pods of a node for a class. */
function asksMoreOfNodes(podClass: PodClass, cluster: ClusterState): boolean {
  return [...nodeFilters, ...volumeFilters, ...deviceFilters].some(
    (filter) => filter.prepare(podClass, cluster) !== undefined,
  );
}

/** Why nobody is evicted where there is nobody to evict: no pod of a lower priority has a node. */
export function withoutVictims(podClass: PodClass, nodes: number, preemptable: number): string {
  if (!podClass.requirement.mayPreempt) return nodes === 0 ? '' : notWanted;
  const reasons = new Map([
    [notHelpful, nodes - preemptable],
    [noVictims, preemptable],
  ]);
  return preemptionMessage(nodes, new Map([...reasons].filter(([, count]) => count > 0)));
}

function preemptionMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  return nodes === 0 ? '' : ` preemption: 0/${nodes} nodes are available: ${countedReasons(reasons)}.`;
}
