import type { ClusterState } from '../state/cluster.ts';
import type { PodRecord } from '../state/pod-class.ts';
import type { BudgetAccount } from './budgets.ts';
import type { Trial } from './trial.ts';

/** A node on which a pod would fit once some others have left. */
export interface Candidate {
  readonly node: number;
  /** Pods to evict. */
  readonly victims: readonly PodRecord[];
  /** Pods of the victims' gangs, wherever they are: too few of those would be left without the victims. They are evicted too. */
  readonly mates: readonly PodRecord[];
  /** Those of the victims that a disruption budget has nothing left for. */
  readonly violating: ReadonlySet<PodRecord>;
  /** Pods that wait themselves and hold room here: they lose it to the pod, nobody is evicted. */
  readonly nominated: readonly PodRecord[];
  /** Pods that are on their way out already, for whom to wait. */
  readonly leaving: readonly PodRecord[];
  readonly cost: Cost;
}

/** Priorities are no lower. */
const lowestPriority = -(2 ** 31);

/**
 * The least that must leave a node for a pod of some priority to fit, judged by trying: all that may leave is taken off,
 * then put back one after another as long as the pod still fits, those first whose eviction would break a disruption
 * budget, then those under one, the more important before the others. The state is the same afterwards. Undefined where
 * not even all of them would be enough.
 */
export function candidateOn(
  node: number,
  priority: number,
  cluster: ClusterState,
  budgets: BudgetAccount,
  trialOn: (node: number) => Trial,
): Candidate | undefined {
  const leaving: PodRecord[] = [];
  const removable: PodRecord[] = [];
  for (const pod of cluster.podsOn(node)) {
    if (pod.terminating || pod.evicting) leaving.push(pod);
    else if (pod.class.requirement.priority < priority && isEvictable(pod)) removable.push(pod);
  }
  if (leaving.length + removable.length === 0) return undefined;
  const trial = trialOn(node);
  for (const pod of leaving) trial.takeOff(pod);
  for (const pod of removable) trial.takeOff(pod);
  const enough = trial.fits();
  const chosen: PodRecord[] = [];
  for (const pod of enough ? inOrderOfReprieve(removable, budgets) : []) {
    trial.putBack(pod);
    if (trial.fits()) continue;
    trial.takeOff(pod);
    chosen.push(pod);
  }
  for (const pod of enough ? chosen : removable) trial.putBack(pod);
  for (const pod of leaving) trial.putBack(pod);
  if (!enough) return undefined;
  const victims = chosen.filter((pod) => pod.state !== 'nominated');
  const mates = matesOf(victims, priority, cluster);
  const violating = overBudget(victims, budgets);
  return {
    node,
    victims,
    mates,
    violating,
    cost: costOf(mates.length === 0 ? victims : [...victims, ...mates], violating.size),
    nominated: chosen.filter((pod) => pod.state === 'nominated'),
    leaving,
  };
}

function matesOf(victims: readonly PodRecord[], priority: number, { gangs }: ClusterState): PodRecord[] {
  const gone = new Set(victims);
  const broken = new Set(victims.map(({ uid }) => gangs.of(uid)));
  return [...broken]
    .flatMap((gang) => gang?.leftBehind(gone) ?? [])
    .filter((mate) => mate.class.requirement.priority < priority);
}

const nobody: ReadonlySet<PodRecord> = new Set();

/** Those of some victims for whom the budgets have nothing left. The least important are paid for first: they are to go. */
function overBudget(victims: readonly PodRecord[], budgets: BudgetAccount): ReadonlySet<PodRecord> {
  if (budgets.isEmpty) return nobody;
  const paid = victims
    .toSorted(byImportance)
    .reverse()
    .filter((pod) => budgets.take(pod.class.requirement));
  for (const pod of paid) budgets.giveBack(pod.class.requirement);
  const within = new Set(paid);
  return new Set(victims.filter((pod) => !within.has(pod)));
}

/** An assumed pod's binding is in flight: evicting the pod would race with it. */
function isEvictable({ state }: PodRecord): boolean {
  return state === 'bound' || state === 'nominated';
}

function inOrderOfReprieve(pods: readonly PodRecord[], budgets: BudgetAccount): PodRecord[] {
  if (budgets.isEmpty) return pods.toSorted(byImportance);
  const evictable = pods.filter(({ state }) => state !== 'nominated');
  const violating = overBudget(evictable, budgets);
  const covered = new Set(evictable.filter((pod) => budgets.covers(pod.class.requirement)));
  const rank = (pod: PodRecord): number => (violating.has(pod) ? 2 : covered.has(pod) ? 1 : 0);
  return pods.toSorted((left, right) => rank(right) - rank(left) || byImportance(left, right));
}

/** The more important first: of higher priority, then longer running. */
export function byImportance(left: PodRecord, right: PodRecord): number {
  const byPriority = right.class.requirement.priority - left.class.requirement.priority;
  return byPriority || left.startedMs - right.startedMs || (left.uid < right.uid ? -1 : 1);
}

/** Cost of evicting pods; compared in this order. */
interface Cost {
  readonly brokenBudgets: number;
  /** Priority of the most important. */
  readonly highest: number;
  /** Of priorities, counted from the lowest there is, so that more pods are a larger sum. */
  readonly sum: number;
  readonly count: number;
  /** Start time of the oldest victim of the highest priority: the later, the smaller the loss. */
  readonly earliestStartMs: number;
}

function costOf(evicted: readonly PodRecord[], brokenBudgets: number): Cost {
  let highest = lowestPriority;
  let sum = 0;
  let earliestStartMs = Number.POSITIVE_INFINITY;
  for (const { class: podClass, startedMs } of evicted) {
    const { priority } = podClass.requirement;
    sum += priority - lowestPriority + 1;
    if (priority < highest) continue;
    earliestStartMs = priority > highest ? startedMs : Math.min(earliestStartMs, startedMs);
    highest = priority;
  }
  return {
    brokenBudgets,
    highest,
    sum,
    count: evicted.length,
    earliestStartMs: evicted.length > 0 ? earliestStartMs : 0,
  };
}

/** Negative where the first costs less: fewer broken budgets, then lower victims, in sum too, then fewer, then those that started last. */
export function compareCandidates(left: Candidate, right: Candidate): number {
  return (
    left.cost.brokenBudgets - right.cost.brokenBudgets ||
    left.cost.highest - right.cost.highest ||
    left.cost.sum - right.cost.sum ||
    left.cost.count - right.cost.count ||
    right.cost.earliestStartMs - left.cost.earliestStartMs ||
    left.nominated.length - right.nominated.length ||
    left.node - right.node
  );
}
