/** Owners of a StatefulSet's claims, by which the garbage collector deletes them with a pod or with the set. */
import type { StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { OwnerReference } from '@gantry/model/gen/gantry.meta.v1.ts';
import type { AnyObject } from '../core/action.ts';
import { controllerReference } from '../core/owners.ts';

type Policy = 'Retain' | 'Delete';

/** The set's policies; absent ones retain. */
function policyOf({ spec }: StatefulSet): { readonly whenDeleted: Policy; readonly whenScaled: Policy } {
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const read = (policy: string | undefined): Policy => (policy === 'Delete' ? 'Delete' : 'Retain');
  return { whenDeleted: read(whenDeleted), whenScaled: read(whenScaled) };
}

/** Owners that a new claim has. Those of claims of pods that have to go are set when there are such pods. */
export function ownersOfNew(set: StatefulSet): OwnerReference[] {
  return policyOf(set).whenDeleted === 'Delete' ? [controllerReference(set)] : [];
}

/**
 * The owner references that a claim should have; undefined where they stay as they are. A claim of a former set or pod of the
 * same name stays as it is: the collector decides on it. Another controller's claim gets no owner of ours.
 *
 * @param isWanted whether the pod's ordinal is one that the set asks for; the claims of others go with their pods.
 */
export function ownersAfter(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  pod: Pod,
  isWanted: boolean,
): OwnerReference[] | undefined {
  const owners = claim.metadata.ownerReferences ?? [];
  if (isStale(owners, set) || isStale(owners, pod)) return undefined;
  const ours = owners.filter((reference) => names(reference, set) || names(reference, pod));
  const others = owners.filter((reference) => !ours.includes(reference));
  const wanted = hasOtherController(claim, set, pod) ? [] : wantedOwners(set, pod, isWanted);
  const isSame =
    ours.length === wanted.length &&
    ours.every(({ uid, controller }) => controller === true && wanted.some((reference) => reference.uid === uid));
  return isSame ? undefined : [...others, ...wanted];
}

/** True where the policy would have the set or the pod own the claim, and somebody else controls it. */
export function hasOtherController(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false;
  const owners = claim.metadata.ownerReferences ?? [];
  return (
    isStale(owners, set) ||
    isStale(owners, pod) ||
    owners.some((reference) => reference.controller === true && !names(reference, set) && !names(reference, pod))
  );
}

/** True for a claim that goes with a former pod of this name: a new pod waits until it is gone. */
export function goesWithFormerPod(claim: PersistentVolumeClaim, set: StatefulSet, pod: Pod): boolean {
  if (policyOf(set).whenScaled === 'Retain') return false;
  return isStale(claim.metadata.ownerReferences ?? [], pod);
}

function wantedOwners(set: StatefulSet, pod: Pod, isWanted: boolean): OwnerReference[] {
  const { whenDeleted, whenScaled } = policyOf(set);
  if (whenScaled === 'Delete' && !isWanted) return [controllerReference(pod)];
  return whenDeleted === 'Delete' ? [controllerReference(set)] : [];
}

/** True where an owner has the object's kind and name, and another uid. */
function isStale(owners: readonly OwnerReference[], object: AnyObject): boolean {
  const named = owners.find((reference) => names(reference, object));
  return named !== undefined && named.uid !== object.metadata.uid;
}

function names({ apiVersion, kind, name }: OwnerReference, object: AnyObject): boolean {
  return apiVersion === object.apiVersion && kind === object.kind && name === object.metadata.name;
}
