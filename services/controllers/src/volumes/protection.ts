import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { claimProtection, volumeProtection } from '@gantry/model/kinds/persistentvolume/protection.ts';
import { claimsOf } from '@gantry/model/kinds/pod/claims.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';

/**
 * Keeps a claim from ending while a pod that has a node uses it, whatever the pod's phase. A pod without a node does not
 * hold it: no pod that uses a claim which is being deleted is given a node, or started.
 */
export const claimProtectionController: Controller = {
  name: 'persistentvolumeclaim-protection-controller',
  watches: ['PersistentVolumeClaim', 'Pod'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'PersistentVolumeClaim') return [keyOf(object)];
    return claimsOf(object as Pod).filter((key) => {
      const { namespace, name } = splitKey(key);
      return view.get('PersistentVolumeClaim', namespace, name)?.metadata.deletionTimestamp !== undefined;
    });
  },

  reconcile(key: string, view: View): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const claim = view.get('PersistentVolumeClaim', namespace, name);
    if (claim === undefined) return [];
    const isUsed = (): boolean =>
      [...view.list('Pod', namespace)].some((pod) => pod.spec.nodeName && claimsOf(pod).includes(key));
    return protect(claim, claimProtection, view, 'Pod', isUsed);
  },
};

/** Keeps a volume from ending while it is bound to a claim. */
export const volumeProtectionController: Controller = {
  name: 'persistentvolume-protection-controller',
  watches: ['PersistentVolume', 'PersistentVolumeClaim'],

  keysFor(object: AnyObject): readonly string[] {
    if (object.kind === 'PersistentVolume') return [keyOf(object)];
    const { volumeName } = (object as PersistentVolumeClaim).spec;
    return volumeName ? [volumeName] : [];
  },

  reconcile(name: string, view: View): readonly Action[] {
    const volume = view.get('PersistentVolume', undefined, name);
    if (volume === undefined) return [];
    return protect(volume, volumeProtection, view, 'PersistentVolumeClaim', () => isBound(volume, view));
  },
};

/** True for a volume whose phase says so, and for one that is being bound. */
function isBound({ spec: { claimRef }, status }: PersistentVolume, view: View): boolean {
  if (status?.phase === 'Bound') return true;
  const claim = view.get('PersistentVolumeClaim', claimRef?.namespace, claimRef?.name ?? '');
  return Boolean(claimRef?.uid) && claim?.metadata.uid === claimRef?.uid;
}

/**
 * Puts the finalizer on an object that lacks it, and takes it off one that is to end and is used by none of `userKind`,
 * of which the view must be as new as the object.
 */
function protect(
  object: PersistentVolume | PersistentVolumeClaim,
  finalizer: string,
  view: View,
  userKind: 'Pod' | 'PersistentVolumeClaim',
  isUsed: () => boolean,
): readonly Action[] {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  const isProtected = finalizers.includes(finalizer);
  if (deletionTimestamp === undefined) {
    return isProtected ? [] : [withFinalizers(object, [...finalizers, finalizer])];
  }
  if (!isProtected || isUsed()) return [];
  if (!sees(view, userKind, object)) return [waitForView];
  return [
    withFinalizers(
      object,
      finalizers.filter((name) => name !== finalizer),
    ),
  ];
}

function withFinalizers(object: PersistentVolume | PersistentVolumeClaim, finalizers: string[]): Action {
  return { type: 'update', object: { ...object, metadata: { ...object.metadata, finalizers } } as AnyObject };
}
