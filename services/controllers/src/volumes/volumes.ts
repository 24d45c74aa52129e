import { isDeepStrictEqual } from 'node:util';
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
  PersistentVolumeStatus,
  Pod,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { type Action, type AnyObject, type Controller, splitKey, type View } from '../core/action.ts';
import { isActive } from '../core/pods.ts';
import { isMeantFor, volumeFor } from './match.ts';

const claimPrefix = 'claim/';
const volumePrefix = 'volume/';

/**
 * Binds claims to volumes that were made by hand, and keeps the phases of both. Claims of a class that waits for its first
 * consumer are bound once a pod that uses them has a node. Volumes are neither made nor wiped.
 */
export const volumeController: Controller = {
  name: 'persistentvolume-binder',
  watches: ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass', 'Pod', 'Node'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    switch (object.kind) {
      case 'PersistentVolumeClaim':
        return [claimKey(object), ...(object.spec.volumeName ? [volumePrefix + object.spec.volumeName] : [])];
      case 'PersistentVolume':
        return [volumePrefix + object.metadata.name, ...unboundClaims(view), ...claimOf(object)];
      case 'StorageClass':
        return unboundClaims(view);
      case 'Pod':
        return object.spec.nodeName ? claimsOf(object).map((name) => claimPrefix + name) : [];
      default:
        return [];
    }
  },

  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    if (key.startsWith(volumePrefix)) {
      const volume = view.get('PersistentVolume', undefined, key.slice(volumePrefix.length));
      return volume === undefined ? [] : updatedVolume(volume, phaseOf(volume, view), nowMs);
    }
    const { namespace, name } = splitKey(key.slice(claimPrefix.length));
    const claim = view.get('PersistentVolumeClaim', namespace, name);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return [];
    return bind(claim, view, nowMs);
  },
};

function claimKey({ metadata }: Pick<PersistentVolumeClaim, 'metadata'>): string {
  return `${claimPrefix}${metadata.namespace}/${metadata.name}`;
}

function unboundClaims(view: View): string[] {
  return [...view.list('PersistentVolumeClaim')].filter(({ status }) => status?.phase !== 'Bound').map(claimKey);
}

function claimOf({ spec: { claimRef } }: PersistentVolume): string[] {
  return claimRef?.name ? [`${claimPrefix}${claimRef.namespace ?? ''}/${claimRef.name}`] : [];
}

/** Claims that a pod uses, as namespace/name; ephemeral ones are named after the pod. */
function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim =
      persistentVolumeClaim?.claimName ?? (ephemeral === undefined ? undefined : `${metadata.name}-${name}`);
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });
}

function bind(claim: PersistentVolumeClaim, view: View, nowMs: number): Action[] {
  const { volumeName } = claim.spec;
  const named = volumeName ? view.get('PersistentVolume', undefined, volumeName) : undefined;
  if (claim.status?.phase === 'Bound' || claim.status?.phase === 'Lost') {
    if (named === undefined) return updatedClaim(claim, { phase: 'Lost' });
    return isMeantFor(named, claim) ? updatedClaim(claim, boundStatus(named)) : [];
  }
  const place = placeOf(claim, view);
  if (place === 'later') return [];
  const volume = volumeFor(claim, view.list('PersistentVolume'), place);
  if (volume === undefined) return [];
  const { metadata } = claim;
  const { namespace, name, uid } = metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: namespace!, name, uid: uid! };
  const owned = { ...volume, spec: { ...volume.spec, claimRef } };
  const bound = { ...claim, spec: { ...claim.spec, volumeName: volume.metadata.name } };
  // The volume first: it is what two claims could both want, and the second one's write is refused.
  return [
    ...(isDeepStrictEqual(volume.spec.claimRef, claimRef) ? [] : [{ type: 'update', object: owned } as const]),
    ...updatedVolume(owned, 'Bound', nowMs),
    ...(volumeName ? [] : [{ type: 'update', object: bound } as const]),
    ...updatedClaim(bound, boundStatus(volume)),
  ];
}

/** The node to which a claim's volume must be near; undefined where any will do, `later` where nobody knows yet. */
function placeOf(claim: PersistentVolumeClaim, view: View): Node | undefined | 'later' {
  const { namespace, name } = claim.metadata;
  const storageClass = view.get('StorageClass', undefined, claim.spec.storageClassName ?? '');
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') return undefined;
  for (const pod of view.list('Pod', namespace)) {
    if (!pod.spec.nodeName || !isActive(pod) || !claimsOf(pod).includes(`${namespace}/${name}`)) continue;
    const node = view.get('Node', undefined, pod.spec.nodeName);
    if (node !== undefined) return node;
  }
  return 'later';
}

function boundStatus({ spec }: PersistentVolume): PersistentVolumeClaimStatus {
  return { phase: 'Bound', accessModes: spec.accessModes ?? [], capacity: spec.capacity ?? {} };
}

function phaseOf(volume: PersistentVolume, view: View): string {
  const { claimRef } = volume.spec;
  // One that names a claim which has not taken it yet is kept for that claim.
  if (!claimRef?.uid) return 'Available';
  const claim = view.get('PersistentVolumeClaim', claimRef.namespace, claimRef.name ?? '');
  return claim !== undefined && claim.metadata.uid === claimRef.uid ? 'Bound' : 'Released';
}

function updatedVolume(volume: PersistentVolume, phase: string, nowMs: number): Action[] {
  if (volume.status?.phase === phase) return [];
  const lastPhaseTransitionTime = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const status: PersistentVolumeStatus = { ...volume.status, phase, lastPhaseTransitionTime };
  return [{ type: 'updateStatus', object: { ...volume, status } }];
}

function updatedClaim(claim: PersistentVolumeClaim, status: PersistentVolumeClaimStatus): Action[] {
  const next = { ...claim.status, ...status };
  return isDeepStrictEqual(next, claim.status) ? [] : [{ type: 'updateStatus', object: { ...claim, status: next } }];
}
