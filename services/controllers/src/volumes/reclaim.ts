import type { PersistentVolume, PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action } from '../core/action.ts';

/** Annotation of a volume that was provisioned: by whom, who deletes it as well. */
const provisionedBy = 'pv.kubernetes.io/provisioned-by';
/** Provisioners that Kubernetes' controllers once were themselves. */
const inTreePrefix = 'kubernetes.io/';

/** The phase that a volume should be in; a failed one with its reason, as the event about it says it. */
export interface Phase {
  readonly phase: 'Available' | 'Bound' | 'Released' | 'Failed';
  readonly failure?: { readonly reason: string; readonly message: string };
}

/** @param claim The claim that the volume names by its uid; undefined where it is gone. */
export function phaseOf(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): Phase {
  // One that names a claim which has not taken it yet is kept for that claim.
  if (!volume.spec.claimRef?.uid) return { phase: 'Available' };
  return claim === undefined ? reclaimed(volume) : { phase: 'Bound' };
}

/** A volume whose claim is gone. Nothing is deleted or wiped here: that it was to be, and is not, is said. */
function reclaimed({ metadata: { name, annotations = {} }, spec, status }: PersistentVolume): Phase {
  const provisioner = annotations[provisionedBy] ?? '';
  switch (spec.persistentVolumeReclaimPolicy) {
    case 'Delete': {
      // An external provisioner deletes its own.
      if (provisioner !== '' && !provisioner.startsWith(inTreePrefix)) return { phase: 'Released' };
      const cause = spec.csi === undefined ? 'no deletable volume plugin matched' : 'no volume plugin matched';
      const message = `error getting deleter volume plugin for volume "${name}": ${cause}`;
      return { phase: 'Failed', failure: { reason: 'VolumeFailedDelete', message } };
    }
    case 'Recycle': {
      const message = 'No recycler plugin found for the volume!';
      return { phase: 'Failed', failure: { reason: 'VolumeFailedRecycle', message } };
    }
    default:
      return { phase: status?.phase === 'Failed' ? 'Failed' : 'Released' };
  }
}

/** Writes the phase of a volume where it is another one, and tells of a failure. */
export function withPhase(volume: PersistentVolume, { phase, failure }: Phase, nowMs: number): Action[] {
  const { status } = volume;
  if (status?.phase === phase) return [];
  const { message: _, ...before } = status ?? {};
  const message = failure === undefined ? {} : { message: failure.message };
  const next = { ...before, phase, ...message, lastPhaseTransitionTime: rfc3339(nowMs) };
  return [
    { type: 'updateStatus', object: { ...volume, status: next } },
    ...(failure === undefined ? [] : [{ type: 'event', about: volume, eventType: 'Warning', ...failure } as const]),
  ];
}
