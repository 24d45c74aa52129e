import type { Node, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { outOfServiceKey } from '@gantry/model/taints.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  type Requirement,
  refOf,
  sees,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { withDisruptionTarget } from '../core/disruption-target.ts';
import { hasEnded } from '../core/pods.ts';
import { Quarantine } from './quarantine.ts';
import { TerminatedPods } from './terminated.ts';

/** Kubernetes' default of --terminated-pod-gc-threshold. */
export const defaultTerminatedPodThreshold = 12_500;

/** Key under which pods that have ended are looked at together. Keys of nodes have no slash, those of pods have one. */
const terminatedKey = '/terminated';

/**
 * Removes pods that nobody else will: those of nodes that are gone, those that are to end on a node that an administrator has declared
 * out of service, those that are to end before they had a node, and those beyond a number that have ended.
 *
 * @param threshold Pods that may have ended before the oldest are removed; all where it is 0.
 */
export function podGarbageController(clock: Pick<Clock, 'monotonic'>, threshold: number): Controller {
  const quarantine = new Quarantine();
  const terminated = new TerminatedPods(threshold, clock);
  return {
    name: 'pod-garbage-collector',
    watches: ['Node', 'Pod'],

    keysFor(object: AnyObject): readonly string[] {
      if (object.kind === 'Node') return [object.metadata.name];
      const pod = object as Pod;
      const { nodeName } = pod.spec;
      const isUnplaced = !nodeName && pod.metadata.deletionTimestamp !== undefined;
      return [
        ...(nodeName ? [nodeName] : []),
        ...(isUnplaced ? [keyOf(pod)] : []),
        ...(threshold > 0 && hasEnded(pod) ? [terminatedKey] : []),
      ];
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      if (key === terminatedKey) return terminated.plan(view);
      if (key.includes('/')) return removeUnplaced(key, view);
      const node = view.get('Node', undefined, key);
      if (node === undefined) return removeOrphans(key, view, quarantine, { nowMs, monotonicMs: clock.monotonic() });
      quarantine.end(key);
      return removeFromOutOfService(node, view);
    },
  };
}

/** Removes a pod that was to end before it had a node. */
function removeUnplaced(key: string, view: View): readonly Action[] {
  const { namespace, name } = splitKey(key);
  const pod = view.get('Pod', namespace, name);
  if (pod === undefined || pod.spec.nodeName || pod.metadata.deletionTimestamp === undefined) return [];
  // A binding may be on its way: the pod must be as it was seen.
  const end: Action = { type: 'delete', object: pod, gracePeriodSeconds: 0, ifUnchanged: true };
  return [...markFailed(pod, []), ...(isEnded(pod) ? [] : [end])];
}

/**
 * Removes pods that are to end on a node that is not ready and that an administrator has declared out of service: the node is off, so
 * that nothing of them runs. The node must be as it was seen, as one that is back may run them.
 */
function removeFromOutOfService(node: Node, view: View): Action[] {
  const isOut = node.spec?.taints?.some(({ key }) => key === outOfServiceKey) ?? false;
  if (!isOut || isReady(node)) return [];
  const ending = [...view.podsOn(node.metadata.name)].filter(
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  const { resourceVersion } = node.metadata;
  return remove(ending, [{ type: 'unchanged', ref: refOf(node), resourceVersion: resourceVersion! }]);
}

/**
 * Removes pods whose node is gone for good: nobody is left who could end them. A node that this informer does not know may
 * just be new, or about to be registered again, so that three things must hold: its quarantine is over, the view of nodes is
 * as new as the pod, and the api says right before the deletion that there is no such node.
 */
function removeOrphans(
  nodeName: string,
  view: View,
  quarantine: Quarantine,
  { nowMs, monotonicMs }: { readonly nowMs: number; readonly monotonicMs: number },
): Action[] {
  const pods = [...view.podsOn(nodeName)];
  if (pods.length === 0) {
    quarantine.end(nodeName);
    return [];
  }
  const waitMs = quarantine.note(nodeName, monotonicMs);
  if (waitMs > 0) return [{ type: 'requeue', afterMs: waitMs }];
  const orphans = pods.filter((pod) => sees(view, 'Node', pod));
  const marked = orphans.map((pod) =>
    withDisruptionTarget(pod, 'DeletionByPodGC', 'PodGC: node no longer exists', nowMs),
  );
  return [
    ...(orphans.length < pods.length ? [waitForView] : []),
    ...remove(marked, [{ type: 'absent', ref: { kind: 'Node', name: nodeName } }]),
  ];
}

/** Marks pods as failed, unless they have ended by themselves, and ends them at once. */
function remove(pods: readonly Pod[], requires: readonly Requirement[]): Action[] {
  return [
    ...pods.flatMap((pod) => markFailed(pod, requires)),
    ...pods
      .filter((pod) => !isEnded(pod))
      .map((object): Action => ({ type: 'delete', object, gracePeriodSeconds: 0, requires })),
  ];
}

/** True for a pod that was ended at once already: finalizers hold it, such as that of a Job that has yet to count it. */
function isEnded({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}

/** Nobody is left who could say how the pod has ended. */
function markFailed(pod: Pod, requires: readonly Requirement[]): Action[] {
  if (hasEnded(pod)) return [];
  const { generation } = pod.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const status = { ...pod.status, ...observed, phase: 'Failed' };
  return [{ type: 'updateStatus', object: { ...pod, status }, requires }];
}
