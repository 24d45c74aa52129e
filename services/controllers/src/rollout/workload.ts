import type { DaemonSet, Deployment, StatefulSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { RolloutWorkload } from '@gantry/model/gen/gantry.rollout.v1.ts';
import type { View } from '../core/action.ts';
import { hashOf, historyOf } from '../core/history.ts';
import { availableInMs, isActive } from '../core/pods.ts';
import { hashLabel, revisionsOf } from '../deployment/sets.ts';

/** Label of pods with the revision of their StatefulSet or DaemonSet (Kubernetes' own). */
export const revisionLabel = 'controller-revision-hash';

/** A workload as a policy sees it. */
export interface Workload {
  readonly object: Deployment | StatefulSet | DaemonSet;
  /** Pods that it should have. */
  readonly replicas: number;
  /** The revision of its present template; undefined while its controller has not made it. */
  readonly revision: string | undefined;
  /** All of its pods are of the present revision, and available. */
  readonly isComplete: boolean;
  /** Its controller goes on with nothing, because a user said so. */
  readonly isPaused: boolean;
  /** Pods of two revisions stand side by side; if false, those of one take the places of the other's. */
  readonly isSideBySide: boolean;
  /** Pods of a revision that are available. */
  readonly available: (revision: string) => number;
  /** True where pods can still be made of a revision. */
  readonly keeps: (revision: string) => boolean;
}

/** The workload that a policy names; undefined where there is none. */
export function workloadOf(
  { kind, name }: RolloutWorkload,
  namespace: string,
  view: View,
  nowMs: number,
): Workload | undefined {
  switch (kind) {
    case 'Deployment': {
      const deployment = view.get('Deployment', namespace, name);
      return deployment && deploymentState(deployment, view);
    }
    case 'StatefulSet': {
      const set = view.get('StatefulSet', namespace, name);
      return set && statefulSetState(set, view, nowMs);
    }
    case 'DaemonSet': {
      const set = view.get('DaemonSet', namespace, name);
      return set && daemonSetState(set, view, nowMs);
    }
    default:
      return undefined;
  }
}

function deploymentState(object: Deployment, view: View): Workload {
  const sets = [...view.ownedBy('ReplicaSet', object.metadata.uid!)];
  const { current, old } = revisionsOf(object, sets);
  const replicas = object.spec.replicas ?? 1;
  const find = (revision: string) => sets.find(({ metadata }) => metadata.labels?.[hashLabel] === revision);
  const available = (revision: string): number => {
    const set = find(revision);
    return Math.min(set?.spec.replicas ?? 0, set?.status?.availableReplicas ?? 0);
  };
  const revision = current?.metadata.labels?.[hashLabel];
  const isWhole = current?.spec.replicas === replicas && revision !== undefined && available(revision) >= replicas;
  return {
    object,
    replicas,
    revision,
    isComplete: isWhole && old.every(({ spec, status }) => spec.replicas === 0 && !status?.replicas),
    isPaused: object.spec.paused === true,
    isSideBySide: true,
    available,
    keeps: (name) => find(name) !== undefined,
  };
}

function statefulSetState(object: StatefulSet, view: View, nowMs: number): Workload {
  const replicas = object.spec.replicas ?? 1;
  const isSeen = (object.status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  const revision = isSeen ? object.status?.updateRevision || undefined : undefined;
  const pods = podsByRevision(object, view, nowMs);
  const revisions = [...view.ownedBy('ControllerRevision', object.metadata.uid!)];
  return {
    object,
    replicas,
    revision,
    isComplete: revision !== undefined && pods.total === replicas && pods.available(revision) === replicas,
    isPaused: false,
    isSideBySide: false,
    available: pods.available,
    keeps: (name) => revisions.some(({ metadata }) => metadata.name === name),
  };
}

function daemonSetState(object: DaemonSet, view: View, nowMs: number): Workload {
  const isSeen = (object.status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
  const revisions = [...view.ownedBy('ControllerRevision', object.metadata.uid!)];
  const { current } = historyOf(object, revisions, view);
  const revision = isSeen && current !== undefined ? hashOf(current) : undefined;
  const replicas = object.status?.desiredNumberScheduled ?? 0;
  const pods = podsByRevision(object, view, nowMs);
  return {
    object,
    replicas,
    revision,
    isComplete: revision !== undefined && pods.total === replicas && pods.available(revision) === replicas,
    isPaused: false,
    isSideBySide: false,
    available: pods.available,
    keeps: (name) => revisions.some((each) => hashOf(each) === name),
  };
}

function podsByRevision(
  owner: StatefulSet | DaemonSet,
  view: View,
  nowMs: number,
): { readonly total: number; readonly available: (revision: string) => number } {
  const { minReadySeconds = 0 } = owner.spec;
  const active: Pod[] = [...view.ownedBy('Pod', owner.metadata.uid!)].filter(isActive);
  const isAvailable = (pod: Pod): boolean => availableInMs(pod, minReadySeconds, view, nowMs) === 0;
  return {
    total: active.length,
    available: (revision) =>
      active.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision && isAvailable(pod)).length,
  };
}
