import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type Requirement,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { controllerOf } from '../core/owners.ts';
import { isFinished } from './conditions.ts';
import { isManaged } from './job.ts';
import { release } from './manage.ts';
import { isTracked } from './pods.ts';

/**
 * Takes the tracking finalizer from pods that no Job counts any more: those without a managing owner, and those whose Job is gone or
 * finished. Nobody else would, and they could never go.
 */
export const jobTrackingController: Controller = {
  name: 'job-tracking-controller',
  watches: ['Job', 'Pod'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'Pod') return isTracked(object) && needsNoCount(object, view) ? [keyOf(object)] : [];
    if (object.kind !== 'Job') return [];
    const { namespace, name, uid } = object.metadata;
    const stored = view.get('Job', namespace, name);
    if (stored?.metadata.uid === uid && !isFinished(stored!)) return [];
    return [...view.ownedBy('Pod', uid!)].filter(isTracked).map(keyOf);
  },

  reconcile(key: string, view: View): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const pod = view.get('Pod', namespace, name);
    if (pod === undefined || !isTracked(pod) || !needsNoCount(pod, view)) return [];
    const owner = controllerOf(pod);
    if (owner === undefined) return [release(pod)];
    // A Job that the view does not show may be newer than the view.
    if (!sees(view, 'Job', pod)) return [waitForView];
    const { uid } = owner;
    const job = view.get('Job', namespace, owner.name);
    const isGone = job?.metadata.uid !== uid;
    const requires: Requirement[] = isGone
      ? [{ type: 'absent', ref: { kind: 'Job', namespace, name: owner.name, uid } }]
      : [];
    return [{ ...release(pod), requires }];
  },
};

function needsNoCount(pod: Pod, view: View): boolean {
  const owner = controllerOf(pod);
  if (owner === undefined) return true;
  if (owner.kind !== 'Job' || owner.apiVersion !== 'batch/v1') return false;
  const job = view.get('Job', pod.metadata.namespace, owner.name);
  if (job?.metadata.uid !== owner.uid) return true;
  return isManaged(job) && isFinished(job);
}
