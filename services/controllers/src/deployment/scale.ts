import type { ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { desiredWhenSized, maxWhenSized } from './annotations.ts';
import { type Resize, sizeOf } from './resize.ts';
import { nextNewSize, proportionalSizes } from './rolling.ts';
import { isLive, olderFirst } from './sets.ts';
import type { Rollout } from './status.ts';

/** True where the Deployment asks for another number of replicas than when its sets were sized. */
export function isScaled({ deployment, current, old }: Rollout): boolean {
  const live = (current === undefined ? old : [...old, current]).filter(isLive);
  // A Deployment that recreates its pods has nothing to share out in the middle of it: it goes on.
  if (live.length > 1 && deployment.spec.strategy?.type === 'Recreate') return false;
  return live.some((set) => {
    const desired = desiredWhenSized(set);
    return desired !== undefined && desired !== (deployment.spec.replicas ?? 1);
  });
}

/**
 * The sizes of the sets of a Deployment that is scaled, or that is paused. One set takes it all: the only one with pods, or the newest. Several
 * share it, so that a rollout that has come half-way stays there.
 */
export function scaledSizes(rollout: Rollout): Resize[] {
  const { deployment, current, old, bounds } = rollout;
  const all = current === undefined ? old : [...old, current];
  const live = all.filter(isLive);
  const only = live.length > 1 ? undefined : (live[0] ?? current ?? old.at(-1));
  if (only !== undefined) return soleSize(rollout, only, all);
  if (live.length === 0) return [];
  if (current !== undefined && isSaturated(rollout, current)) {
    return old.filter(isLive).map((set) => ({ set, size: 0, isShare: true }));
  }
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  const byAge = [...live].sort(olderFirst);
  const shares = byAge.map((set) => ({ wanted: set.spec.replicas ?? 1, mostBefore: maxWhenSized(set) }));
  const sizes = proportionalSizes(bounds, shares, deployment.status?.replicas ?? 0);
  const resizes = byAge.map((set, index) => ({ set, size: sizes[index]!, isShare: true }));
  const grows = resizes.some(({ set, size }) => size > (set.spec.replicas ?? 1));
  const shrinking = resizes.filter(({ set, size }) => size < (set.spec.replicas ?? 1));
  // Pods of sets that shrink are part of the total as well until they go.
  const isFull = shrinking.length > 0 || all.map(sizeOf).some(({ wanted, atMost }) => atMost > wanted);
  return grows && isFull ? shrinking : resizes;
}

/** The only set that asks for pods gets all of them, as soon as those of others have gone. */
function soleSize({ deployment, bounds }: Rollout, only: ReplicaSet, all: readonly ReplicaSet[]): Resize[] {
  const others = all.filter((set) => set !== only);
  const size = nextNewSize(bounds, sizeOf(only), others.map(sizeOf));
  const isResized = size !== (only.spec.replicas ?? 1);
  const desired = desiredWhenSized(only);
  const isOutdated = isLive(only) && desired !== undefined && desired !== (deployment.spec.replicas ?? 1);
  return isResized || isOutdated ? [{ set: only, size, isShare: size === bounds.replicas }] : [];
}

/** True where the new set has all the replicas, and they are available. */
function isSaturated({ bounds }: Rollout, current: ReplicaSet): boolean {
  const { replicas } = bounds;
  return (
    current.spec.replicas === replicas &&
    desiredWhenSized(current) === replicas &&
    (current.status?.availableReplicas ?? 0) === replicas
  );
}
