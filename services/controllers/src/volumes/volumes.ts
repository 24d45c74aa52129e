import { isDeepStrictEqual } from 'node:util';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimStatus,
} from '@gantry/model/gen/gantry.core.v1.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { BinderMemory } from './binder-memory.ts';
import { chooseVolume, isMeantFor } from './match.ts';
import { placeOf, warning, whyPending } from './pending-claims.ts';
import { phaseOf, withPhase } from './reclaim.ts';

const claimPrefix = 'claim/';
const volumePrefix = 'volume/';
/** Annotations by which Kubernetes' tools tell bindings that a controller made from those that a user asked for. */
const boundByController = 'pv.kubernetes.io/bound-by-controller';
const bindCompleted = 'pv.kubernetes.io/bind-completed';

/**
 * Binds claims to volumes that were made by hand, keeps the phases of both, and tells claims why they are pending. Claims
 * of a class that waits for its first consumer are bound once a pod that uses them has a node. Volumes are neither made
 * nor wiped. A volume that cannot be judged or bound is passed over, and holds up no other.
 */
export function volumeController(clock: Pick<Clock, 'monotonic'>): Controller {
  const memory = new BinderMemory();
  return {
    name: 'persistentvolume-binder',
    watches: ['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass', 'Pod', 'Node'],
    keysFor,

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      if (key.startsWith(volumePrefix)) {
        const volume = view.get('PersistentVolume', undefined, key.slice(volumePrefix.length));
        return volume === undefined ? [] : reconcileVolume(volume, view, nowMs);
      }
      const { namespace, name } = splitKey(key.slice(claimPrefix.length));
      const claim = view.get('PersistentVolumeClaim', namespace, name);
      if (claim === undefined || !wantsVolume(claim)) {
        memory.forget(key);
        return [];
      }
      if (isSettled(claim)) {
        memory.forget(key);
        return reconcileBound(claim, view, nowMs);
      }
      return [...memory.tellFailure(key, claim), ...bindPending(key, claim, view, memory, { clock, nowMs })];
    },

    failed(key: string, error: unknown): void {
      if (key.startsWith(claimPrefix)) memory.failed(key, error, clock.monotonic());
    },
  };
}

function keysFor(object: AnyObject, view: View): readonly string[] {
  switch (object.kind) {
    case 'PersistentVolumeClaim':
      return [claimKey(object), ...(object.spec.volumeName ? [volumePrefix + object.spec.volumeName] : [])];
    case 'PersistentVolume':
      return [volumePrefix + object.metadata.name, ...pendingClaims(view), ...claimOf(object)];
    case 'StorageClass':
      return pendingClaims(view);
    case 'Pod':
      return claimsOf(object).map((name) => claimPrefix + name);
    default:
      return [];
  }
}

function claimKey({ metadata }: Pick<PersistentVolumeClaim, 'metadata'>): string {
  return `${claimPrefix}${metadata.namespace}/${metadata.name}`;
}

function pendingClaims(view: View): string[] {
  return [...view.list('PersistentVolumeClaim')].filter((claim) => !isSettled(claim)).map(claimKey);
}

function claimOf({ spec: { claimRef } }: PersistentVolume): string[] {
  return claimRef?.name ? [`${claimPrefix}${claimRef.namespace ?? ''}/${claimRef.name}`] : [];
}

/** False for a claim that is to end before it has a volume; a binding that was begun is completed. */
function wantsVolume({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.deletionTimestamp === undefined || metadata.annotations?.[bindCompleted] !== undefined;
}

/** True for a claim that has had its volume. */
function isSettled({ status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound' || status?.phase === 'Lost';
}

/** Keeps the phase of a volume, and frees one that was bound to a claim which has another. */
function reconcileVolume(volume: PersistentVolume, view: View, nowMs: number): readonly Action[] {
  const { claimRef } = volume.spec;
  const named = claimRef?.uid ? view.get('PersistentVolumeClaim', claimRef.namespace, claimRef.name ?? '') : undefined;
  const claim = named?.metadata.uid === claimRef?.uid ? named : undefined;
  // A claim that is not shown may just be new.
  if (claimRef?.uid && claim === undefined && !sees(view, 'PersistentVolumeClaim', volume)) return [waitForView];
  const elsewhere = claim?.spec.volumeName && claim.spec.volumeName !== volume.metadata.name;
  if (!elsewhere || volume.metadata.annotations?.[boundByController] === undefined) {
    return withPhase(volume, phaseOf(volume, claim), nowMs);
  }
  const { claimRef: _, ...spec } = volume.spec;
  const { [boundByController]: __, ...annotations } = volume.metadata.annotations;
  const freed = { ...volume, metadata: { ...volume.metadata, annotations }, spec };
  return [{ type: 'update', object: freed }, ...withPhase(freed, { phase: 'Available' }, nowMs)];
}

/** Keeps the status of a claim that has had its volume. */
function reconcileBound(claim: PersistentVolumeClaim, view: View, nowMs: number): readonly Action[] {
  const { volumeName = '' } = claim.spec;
  const volume = view.get('PersistentVolume', undefined, volumeName);
  if (volume !== undefined && isMeantFor(volume, claim)) return withStatus(claim, boundStatus(claim, volume));
  if (!sees(view, 'PersistentVolume', claim)) return [waitForView];
  // Somebody took the claim's name off its volume.
  if (volume !== undefined && volume.spec.claimRef === undefined) return bindings(claim, volume, nowMs);
  const lost = withStatus(claim, { phase: 'Lost' });
  const notice =
    volume === undefined
      ? warning('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!')
      : warning('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
  return lost.length === 0 ? [] : [...lost, { type: 'event', about: claim, ...notice }];
}

function bindPending(
  key: string,
  claim: PersistentVolumeClaim,
  view: View,
  memory: BinderMemory,
  { clock, nowMs }: { readonly clock: Pick<Clock, 'monotonic'>; readonly nowMs: number },
): Action[] {
  const place = placeOf(claim, view);
  if (place.type === 'undecided') return memory.tell(key, claim, place.notice);
  const refusals: number[] = [];
  const volumes = [...view.list('PersistentVolume')].filter((volume) => {
    const refusedMs = memory.refusedForMs(volume, clock.monotonic());
    if (refusedMs > 0) refusals.push(refusedMs);
    return refusedMs === 0;
  });
  const { volume, broken } = chooseVolume(claim, volumes, place.type === 'node' ? place.node : undefined);
  if (volume !== undefined) {
    memory.tries(key, volume);
    return bindings(claim, volume, nowMs);
  }
  const [damage] = broken;
  const notice =
    damage === undefined
      ? whyPending(claim, view)
      : warning('FailedBinding', `volume "${damage[0]}" is passed over: ${damage[1]}`);
  return [
    ...memory.tell(key, claim, notice),
    ...(refusals.length === 0 ? [] : [{ type: 'requeue', afterMs: Math.min(...refusals) } as const]),
  ];
}

/** Writes both sides of a binding. The volume comes first: it is what two claims may both want, and the second write of it is refused. */
function bindings(claim: PersistentVolumeClaim, volume: PersistentVolume, nowMs: number): Action[] {
  const { namespace, name, uid } = claim.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: namespace!, name, uid: uid! };
  const owned = {
    ...(volume.spec.claimRef === undefined ? annotated(volume, boundByController) : volume),
    spec: { ...volume.spec, claimRef },
  };
  const taken = claim.spec.volumeName ? claim : annotated(claim, boundByController);
  const bound = {
    ...annotated(taken, bindCompleted),
    spec: { ...claim.spec, volumeName: volume.metadata.name },
  };
  return [
    ...(isDeepStrictEqual(volume.spec.claimRef, claimRef) ? [] : [{ type: 'update', object: owned } as const]),
    ...withPhase(owned, { phase: 'Bound' }, nowMs),
    ...(isDeepStrictEqual(bound, claim) ? [] : [{ type: 'update', object: bound } as const]),
    ...withStatus(bound, boundStatus(claim, volume)),
  ];
}

function annotated<T extends PersistentVolume | PersistentVolumeClaim>(object: T, annotation: string): T {
  const annotations = { ...object.metadata.annotations, [annotation]: 'yes' };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The status of a bound claim. The class of its volume's attributes is told as it becomes so, and by whoever changes them after that. */
function boundStatus({ status }: PersistentVolumeClaim, { spec }: PersistentVolume): PersistentVolumeClaimStatus {
  const attributes = status?.phase === 'Bound' ? undefined : spec.volumeAttributesClassName;
  return {
    phase: 'Bound',
    accessModes: spec.accessModes ?? [],
    capacity: spec.capacity ?? {},
    ...(attributes ? { currentVolumeAttributesClassName: attributes } : {}),
  };
}

function withStatus(claim: PersistentVolumeClaim, status: PersistentVolumeClaimStatus): Action[] {
  const next = { ...claim.status, ...status };
  return isDeepStrictEqual(next, claim.status) ? [] : [{ type: 'updateStatus', object: { ...claim, status: next } }];
}
