/**
 * The arithmetic of a rolling update: the next size of each ReplicaSet. Plain numbers in and out.
 */

/** A ReplicaSet as the arithmetic sees it. */
export interface SetSize {
  /** Replicas asked for in its spec. */
  readonly wanted: number;
  /** Replicas that are available now. */
  readonly available: number;
  /** Upper bound of the pods that the set has now: more than it asks for while it shrinks. If absent, `wanted`. */
  readonly atMost?: number;
}

/** Bounds of a rollout around the wanted number of replicas. */
export interface RolloutBounds {
  /** Replicas of the Deployment. */
  readonly replicas: number;
  /** Most replicas above that. */
  readonly maxSurge: number;
  /** Most replicas below that, counting the available ones. */
  readonly maxUnavailable: number;
}

/** An absolute number from a number or a percentage of `total`. */
export function resolveIntOrPercent(value: number | string, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return round === 'up' ? Math.ceil(share) : Math.floor(share);
}

/**
 * The bounds of a Deployment's rolling update. Surge rounds up and unavailability down; where both come to 0 one replica may be
 * unavailable, or nothing could ever move (Kubernetes' rule).
 */
export function rolloutBounds(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): RolloutBounds {
  const surge = resolveIntOrPercent(maxSurge, replicas, 'up');
  const unavailable = resolveIntOrPercent(maxUnavailable, replicas, 'down');
  const isStuck = surge === 0 && unavailable === 0;
  return { replicas, maxSurge: surge, maxUnavailable: Math.min(isStuck ? 1 : unavailable, replicas) };
}

/** Next size of the new set: as many replicas as the surge leaves room for beside the pods that there may be. */
export function nextNewSize(bounds: RolloutBounds, newSet: SetSize, oldSets: readonly SetSize[]): number {
  if (newSet.wanted >= bounds.replicas) return bounds.replicas;
  const current = [newSet, ...oldSets].reduce((total, { wanted, atMost = wanted }) => total + atMost, 0);
  const room = Math.max(0, bounds.replicas + bounds.maxSurge - current);
  return Math.min(bounds.replicas, newSet.wanted + room);
}

/**
 * Next sizes of the old sets, oldest first. Replicas that are not available go first, since they
 * serve nobody; then as many available ones as the bound on unavailability allows.
 */
export function nextOldSizes(bounds: RolloutBounds, newSet: SetSize, oldSets: readonly SetSize[]): number[] {
  const minAvailable = bounds.replicas - bounds.maxUnavailable;
  const total = newSet.wanted + sum(oldSets, 'wanted');
  const newUnavailable = Math.max(0, newSet.wanted - newSet.available);
  let removable = Math.max(0, total - minAvailable - newUnavailable);
  const sizes = oldSets.map(({ wanted, available }) => {
    const idle = Math.min(removable, Math.max(0, wanted - available));
    removable -= idle;
    return wanted - idle;
  });
  let spare = Math.max(0, newSet.available + sum(oldSets, 'available') - minAvailable);
  return sizes.map((size, index) => {
    const serving = Math.min(size, oldSets[index]!.available);
    const removed = Math.min(serving, spare, removable);
    spare -= removed;
    removable -= removed;
    return size - removed;
  });
}

/** A set that takes part in a change of the total. */
export interface Share {
  /** Replicas asked for in its spec, above 0. */
  readonly wanted: number;
  /** Most pods of the Deployment when the set was sized; undefined where that is not known. */
  readonly mostBefore: number | undefined;
}

/**
 * Shares a change of the total among the sets of a Deployment that is scaled in the middle of a rollout, or while it is paused: each
 * changes by the part by which the most pods of the Deployment change. Larger sets come first, and the largest takes the rest.
 *
 * @param shares Oldest first.
 * @param counted Pods that the Deployment's status counts: the total before where a set does not know it.
 */
export function proportionalSizes(bounds: RolloutBounds, shares: readonly Share[], counted: number): number[] {
  const most = bounds.replicas === 0 ? 0 : bounds.replicas + bounds.maxSurge;
  const change = most - shares.reduce((total, { wanted }) => total + wanted, 0);
  const sizes = shares.map(({ wanted }) => wanted);
  if (change === 0) return sizes;
  const indexes = inOrderOfSize(shares, change > 0);
  let left = change;
  for (const index of indexes) {
    if (left === 0) break;
    const wished = proportionOf(shares[index]!, most, counted);
    const part = change > 0 ? Math.min(wished, left) : Math.max(wished, left);
    sizes[index] = sizes[index]! + part;
    left -= part;
  }
  const [largest] = indexes;
  sizes[largest!] = Math.max(0, sizes[largest!]! + left);
  return sizes;
}

/** Indexes of shares, the largest first; of equal ones the newest where they grow, and the oldest where they shrink. */
function inOrderOfSize(shares: readonly Share[], grow: boolean): number[] {
  const indexes = [...shares.keys()];
  return indexes.sort((a, b) => shares[b]!.wanted - shares[a]!.wanted || (grow ? b - a : a - b));
}

/** The change of one set that keeps its part of the most pods, rounded to the nearest number. */
function proportionOf({ wanted, mostBefore }: Share, most: number, counted: number): number {
  if (most === 0) return -wanted;
  const before = mostBefore || counted;
  return before === 0 ? 0 : Math.round((wanted * most) / before) - wanted;
}

function sum(sets: readonly SetSize[], field: 'wanted' | 'available'): number {
  return sets.reduce((total, set) => total + set[field], 0);
}
