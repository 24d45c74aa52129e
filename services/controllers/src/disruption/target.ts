import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { PodDisruptionBudgetSpec } from '@gantry/model/gen/gantry.policy.v1.ts';
import { type ObjectRef, sees, type View } from '../core/action.ts';
import { controllerOf, kindOfReference } from '../core/owners.ts';
import { resolveIntOrPercent } from '../deployment/rolling.ts';
import type { Scales } from './scales.ts';

/** The healthy pods that a budget requires. */
export interface HealthTarget {
  readonly type: 'known';
  /** Pods that there should be. */
  readonly expectedPods: number;
  /** Pods that must stay healthy. */
  readonly desiredHealthy: number;
  /** Pods that nobody manages although their number counts: nobody says how many there should be. */
  readonly unmanaged: readonly string[];
}

/** Why it cannot be said at present. */
export type NoTarget =
  /** The owner of pods has no scale, or is gone: the budget must allow nothing. */
  | { readonly type: 'failed'; readonly message: string }
  /** The scales of these have to be read first. */
  | { readonly type: 'unread'; readonly owners: readonly ObjectRef[] }
  /** A view is older than a pod that it should show the owner of. */
  | { readonly type: 'late' };

/**
 * The healthy pods that a budget requires. A plain minAvailable counts the pods that exist; percentages, and maxUnavailable,
 * are relative to the replicas that the pods' controllers ask for. Both round up, as in Kubernetes.
 */
export function healthTarget(
  spec: PodDisruptionBudgetSpec,
  pods: readonly Pod[],
  view: View,
  scales: Pick<Scales, 'of'>,
): HealthTarget | NoTarget {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable === undefined && typeof minAvailable !== 'string') {
    const expectedPods = minAvailable === undefined ? 0 : pods.length;
    return { type: 'known', expectedPods, desiredHealthy: minAvailable ?? 0, unmanaged: [] };
  }
  const expected = expectedByOwners(pods, view, scales);
  if (expected.type !== 'known') return expected;
  const { expectedPods } = expected;
  const desiredHealthy =
    maxUnavailable === undefined
      ? resolveIntOrPercent(minAvailable!, expectedPods, 'up')
      : Math.max(0, expectedPods - resolveIntOrPercent(maxUnavailable, expectedPods, 'up'));
  return { ...expected, desiredHealthy };
}

type Expected = Omit<HealthTarget, 'desiredHealthy'> | NoTarget;

/** Replicas that the pods' controllers ask for, each counted once. */
function expectedByOwners(pods: readonly Pod[], view: View, scales: Pick<Scales, 'of'>): Expected {
  const replicasOf = new Map<string, number>();
  const looked = new Set<string>();
  const unmanaged: string[] = [];
  const unread: ObjectRef[] = [];
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference === undefined) unmanaged.push(pod.metadata.name);
    if (reference === undefined || looked.has(reference.uid)) continue;
    looked.add(reference.uid);
    const scale = scaleOf(pod, reference, view, scales);
    switch (scale.type) {
      case 'scale':
        replicasOf.set(scale.uid, scale.replicas);
        break;
      case 'unread':
        unread.push(...scale.owners);
        break;
      default:
        return scale;
    }
  }
  if (unread.length > 0) return { type: 'unread', owners: unread };
  const expectedPods = replicasOf.values().reduce((sum, replicas) => sum + replicas, 0);
  return { type: 'known', expectedPods, unmanaged };
}

type Scale = { readonly type: 'scale'; readonly uid: string; readonly replicas: number } | NoTarget;

const scaled = ['ReplicaSet', 'ReplicationController', 'StatefulSet'] as const;

function scaleOf(pod: Pod, reference: OwnerReference, view: View, scales: Pick<Scales, 'of'>): Scale {
  const { namespace } = pod.metadata;
  const kind = kindOfReference(reference)?.kind;
  const known = scaled.find((each) => each === kind);
  if (known === undefined) return readScale(pod, reference, view, scales);
  const owner = view.get(known, namespace, reference.name);
  if (owner?.metadata.uid !== reference.uid) return sees(view, known, pod) ? noController(pod) : { type: 'late' };
  const above = controllerOf(owner);
  if (above === undefined || above.kind !== 'Deployment') {
    return { type: 'scale', uid: reference.uid, replicas: owner.spec.replicas ?? 1 };
  }
  const deployment = view.get('Deployment', namespace, above.name);
  if (deployment?.metadata.uid !== above.uid) {
    return sees(view, 'Deployment', owner) ? noController(pod) : { type: 'late' };
  }
  return { type: 'scale', uid: deployment.metadata.uid!, replicas: deployment.spec.replicas ?? 1 };
}

/** The scale of an owner of any other kind, as the api last said. */
function readScale(pod: Pod, reference: OwnerReference, view: View, scales: Pick<Scales, 'of'>): Scale {
  const { apiVersion, kind, name, uid } = reference;
  const served = view.kinds.of(reference);
  if (served === undefined) {
    // Right after the start, nobody knows which kinds are served.
    if (view.kinds.all.length === 0) return { type: 'late' };
    return { type: 'failed', message: `no matches for kind "${kind}" in version "${apiVersion}"` };
  }
  const scale = scales.of(uid);
  switch (scale?.type) {
    case undefined:
      return { type: 'unread', owners: [{ kind: served.id, namespace: pod.metadata.namespace, name, uid }] };
    case 'replicas':
      return { type: 'scale', uid, replicas: scale.replicas };
    case 'absent':
      return noController(pod);
    case 'none':
      return { type: 'failed', message: `${served.resource} does not implement the scale subresource` };
    case 'problem':
      return { type: 'failed', message: scale.message };
  }
}

function noController({ metadata }: Pod): NoTarget {
  return { type: 'failed', message: `found no controllers for pod "${metadata.name}"` };
}
