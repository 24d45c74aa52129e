/** The claims that a StatefulSet's pods get of its templates. */
import type { StatefulSet, VolumeClaimTemplate } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action, View } from '../core/action.ts';
import { claimName, isWanted } from './identity.ts';
import { hasOtherController, ownersAfter, ownersOfNew } from './retention.ts';

/** The claims of one ordinal. */
export interface PodClaims {
  /** Those that have to be made. */
  readonly missing: readonly PersistentVolumeClaim[];
  readonly existing: readonly PersistentVolumeClaim[];
}

/** Finds the claims of an ordinal, and makes up those that there are not. */
export function claimsOfOrdinal(set: StatefulSet, ordinal: number, view: View): PodClaims {
  const missing: PersistentVolumeClaim[] = [];
  const existing: PersistentVolumeClaim[] = [];
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const name = claimName(set, template.metadata?.name ?? '', ordinal);
    const claim = view.get('PersistentVolumeClaim', set.metadata.namespace, name);
    if (claim !== undefined) existing.push(claim);
    else if (!missing.some(({ metadata }) => metadata.name === name)) missing.push(newClaim(set, template, name));
  }
  return { missing, existing };
}

function newClaim(set: StatefulSet, { metadata, spec }: VolumeClaimTemplate, name: string): PersistentVolumeClaim {
  const ownerReferences = ownersOfNew(set);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: set.metadata.namespace!,
      labels: { ...metadata?.labels, ...set.spec.selector.matchLabels },
      annotations: { ...metadata?.annotations },
      ...(metadata?.finalizers === undefined ? {} : { finalizers: [...metadata.finalizers] }),
      ...(ownerReferences.length === 0 ? {} : { ownerReferences }),
    },
    spec: structuredClone(spec),
  };
}

/** Gives claims the owners that the set's retention policy asks for. */
export function ownClaims(
  claims: readonly PersistentVolumeClaim[],
  set: StatefulSet,
  pod: Pod,
  ordinal: number,
): Action[] {
  return claims.flatMap((object): Action[] => {
    const ownerReferences = ownersAfter(object, set, pod, isWanted(ordinal, set));
    return ownerReferences === undefined ? [] : [{ type: 'patchMetadata', object, metadata: { ownerReferences } }];
  });
}

/** Tells of claims whose policy cannot be kept, in kube-controller-manager's words. */
export function conflictsOf(claims: readonly PersistentVolumeClaim[], set: StatefulSet, pod: Pod): string[] {
  return claims
    .filter((claim) => hasOtherController(claim, set, pod))
    .map(
      ({ metadata: { name } }) =>
        `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`,
    );
}
