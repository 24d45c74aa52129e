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
 * The bounds of a Deployment's rollout. Surge rounds up and unavailability down; where both come to 0 one replica may be
 * unavailable, or nothing could ever move (Kubernetes' rule).
 */
export function rolloutBounds(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): RolloutBounds {
  const surge = resolveIntOrPercent(maxSurge, replicas, 'up');
  const unavailable = Math.min(resolveIntOrPercent(maxUnavailable, replicas, 'down'), replicas);
  return { replicas, maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
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

/**
 * Shares a change of the total among sets in proportion to their sizes: what a Deployment that is scaled in the middle of
 * a rollout, or paused, does. The largest sets take what rounding leaves over; none grows while others shrink.
 */
export function shareOut(sizes: readonly number[], total: number): number[] {
  const current = sizes.reduce((a, b) => a + b, 0);
  if (current === 0) return [...sizes];
  const shared = sizes.map((size) => Math.floor((size * total) / current));
  let left = total - shared.reduce((a, b) => a + b, 0);
  const largestFirst = [...sizes.entries()].sort(([, a], [, b]) => b - a);
  for (const [index, size] of largestFirst) {
    const share = shared[index] ?? 0;
    const more = Math.min(left, total > current ? left : size - share);
    shared[index] = share + more;
    left -= more;
  }
  return shared;
}

function sum(sets: readonly SetSize[], field: 'wanted' | 'available'): number {
  return sets.reduce((total, set) => total + set[field], 0);
}
