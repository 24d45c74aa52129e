import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { PodDisruptionBudgetSpec } from '@gantry/model/gen/gantry.policy.v1.ts';
import type { View } from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { resolveIntOrPercent } from '../deployment/rolling.ts';

/** The healthy pods that a budget requires. */
export interface HealthTarget {
  /** Pods that there should be. */
  readonly expectedPods: number;
  /** Pods that must stay healthy. */
  readonly desiredHealthy: number;
}

/**
 * The healthy pods that a budget requires. A plain minAvailable counts the pods that exist; percentages, and maxUnavailable,
 * are relative to the replicas that the pods' controllers ask for. Both round up, as in Kubernetes.
 */
export function healthTarget(spec: PodDisruptionBudgetSpec, pods: readonly Pod[], view: View): HealthTarget {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    const expectedPods = expectedByOwners(pods, view);
    return {
      expectedPods,
      desiredHealthy: Math.max(0, expectedPods - resolveIntOrPercent(maxUnavailable, expectedPods, 'up')),
    };
  }
  if (typeof minAvailable === 'string') {
    const expectedPods = expectedByOwners(pods, view);
    return { expectedPods, desiredHealthy: resolveIntOrPercent(minAvailable, expectedPods, 'up') };
  }
  return { expectedPods: pods.length, desiredHealthy: minAvailable ?? 0 };
}

/** Replicas that the pods' controllers ask for. Pods without a controller don't count: nobody says how many there should be. */
function expectedByOwners(pods: readonly Pod[], view: View): number {
  const expected = new Map<string, number>();
  for (const pod of pods) {
    const owner = scaleOf(pod, view);
    if (owner === undefined) continue;
    // A controller of a kind without a scale counts as asking for the pods that it has.
    expected.set(owner.uid, owner.replicas ?? (expected.get(owner.uid) ?? 0) + 1);
  }
  return expected.values().reduce((sum, replicas) => sum + replicas, 0);
}

function scaleOf(pod: Pod, view: View): { readonly uid: string; readonly replicas: number | undefined } | undefined {
  const reference = controllerOf(pod);
  if (reference === undefined) return undefined;
  const { namespace } = pod.metadata;
  const set = reference.kind === 'ReplicaSet' ? view.get('ReplicaSet', namespace, reference.name) : undefined;
  if (set === undefined || set.metadata.uid !== reference.uid) return { uid: reference.uid, replicas: undefined };
  const above = controllerOf(set);
  const deployment = above?.kind === 'Deployment' ? view.get('Deployment', namespace, above.name) : undefined;
  if (deployment === undefined || deployment.metadata.uid !== above?.uid) {
    return { uid: reference.uid, replicas: set.spec.replicas ?? 1 };
  }
  return { uid: deployment.metadata.uid!, replicas: deployment.spec.replicas ?? 1 };
}
