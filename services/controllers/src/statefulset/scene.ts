import type { ControllerRevision, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { isReady } from '@gantry/model/ready.ts';
import { type Action, refOf, type View } from '../core/action.ts';
import { availableInMs, isLeaving } from '../core/pods.ts';
import { isWanted, ordinalOf, ordinalsOf, revisionOf } from './identity.ts';

/** One of the ordinals that a set asks for. */
export interface Replica {
  readonly ordinal: number;
  /** Undefined where there is none. */
  readonly pod: Pod | undefined;
}

/** A set with everything that the decisions about its pods go by. */
export interface Scene {
  readonly set: StatefulSet;
  readonly view: View;
  readonly nowMs: number;
  /** The revision of pods that are not updated yet. */
  readonly current: ControllerRevision;
  /** The revision of the present template. */
  readonly update: ControllerRevision;
  /** Name of the revision that a Rollout keeps: pods below the partition go back to it. Undefined where none decides. */
  readonly stable?: string;
  /** Of all ordinals that the set asks for, in their order. */
  readonly replicas: readonly Replica[];
  /** Pods of other ordinals, the highest first. */
  readonly condemned: readonly Pod[];
}

/** Sorts a set's pods by their ordinals. */
export function sorted(set: StatefulSet, pods: readonly Pod[]): Pick<Scene, 'replicas' | 'condemned'> {
  const { start, count } = ordinalsOf(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod, set)!, pod]));
  const condemned = [...byOrdinal].filter(([ordinal]) => !isWanted(ordinal, set)).sort(([a], [b]) => b - a);
  return {
    replicas: Array.from({ length: count }, (_, index) => ({
      ordinal: start + index,
      pod: byOrdinal.get(start + index),
    })),
    condemned: condemned.map(([, pod]) => pod),
  };
}

/** True where pods come and go one after another. */
export function isOrdered({ set }: Scene): boolean {
  return set.spec.podManagementPolicy !== 'Parallel';
}

export function isPending({ status }: Pod): boolean {
  return (status?.phase ?? 'Pending') === 'Pending';
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod);
}

/** Milliseconds until the pod is available; undefined where it is not ready. */
export function waitOf(pod: Pod, { set, view, nowMs }: Pick<Scene, 'set' | 'view' | 'nowMs'>): number | undefined {
  return availableInMs(pod, set.spec.minReadySeconds ?? 0, view, nowMs);
}

/** True for a pod that serves: it is available, and stays. */
export function isServing(pod: Pod, scene: Scene): boolean {
  return waitOf(pod, scene) === 0 && !isLeaving(pod);
}

/** True for a pod of the present template. */
export function isUpdated(pod: Pod, { update }: Scene): boolean {
  return revisionOf(pod) === update.metadata.name;
}

/**
 * The condition of every write of pods: the set lives, and its spec is the one that the decision went by. A late view of the set would
 * otherwise undo what users asked for since.
 */
export function guard(set: StatefulSet): {
  readonly requires: NonNullable<Extract<Action, { type: 'create' }>['requires']>;
} {
  const { generation } = set.metadata;
  const ref = refOf(set);
  return { requires: [generation === undefined ? { type: 'alive', ref } : { type: 'generation', ref, generation }] };
}

/** Deletes a pod of the set. */
export function deletionOf(pod: Pod, set: StatefulSet): Action {
  const words = `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  const told = { done: `${words} successful`, failed: `${words} failed error` };
  return { type: 'delete', object: pod, ifUnchanged: true, ...guard(set), tell: set, told };
}
