import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { sees, type View } from '../core/action.ts';
import { hasEnded } from '../core/pods.ts';
import { isObserved, type Resize } from './resize.ts';
import { isLive } from './sets.ts';
import type { Rollout } from './status.ts';

/** The step of a Deployment that ends its old pods before it makes new ones. */
export type RecreateStep =
  /** The sets that shrink, or the new one, which grows; none where old pods are left. */
  | { readonly type: 'resize'; readonly resizes: readonly Resize[] }
  /** The new set has to be made. */
  | { readonly type: 'create' }
  /** Nobody knows yet whether old pods are left. */
  | { readonly type: 'wait' };

/** Decides the next step of a Deployment that recreates its pods. */
export function recreateStep({ deployment, current, old }: Rollout, view: View): RecreateStep {
  const live = old.filter(isLive);
  if (live.length > 0) return { type: 'resize', resizes: live.map((set) => ({ set, size: 0, isShare: true })) };
  const left = podsLeft(old, view);
  if (left === 'unknown') return { type: 'wait' };
  if (left === 'some') return { type: 'resize', resizes: [] };
  if (current === undefined) return { type: 'create' };
  return { type: 'resize', resizes: grown(deployment, current) };
}

function grown({ spec: { replicas = 1 } }: Deployment, current: ReplicaSet): Resize[] {
  return current.spec.replicas === replicas ? [] : [{ set: current, size: replicas, isShare: true }];
}

/**
 * Whether a pod of these sets has not ended, be it on its way out. `unknown` while a set's controller has not acted on its
 * present size, or the view of pods is older than what that controller says.
 */
function podsLeft(sets: readonly ReplicaSet[], view: View): 'none' | 'some' | 'unknown' {
  if (sets.some((set) => [...view.ownedBy('Pod', set.metadata.uid!)].some((pod) => !hasEnded(pod)))) return 'some';
  const known = sets.every((set) => isObserved(set) && !set.status?.replicas && sees(view, 'Pod', set));
  return known ? 'none' : 'unknown';
}
