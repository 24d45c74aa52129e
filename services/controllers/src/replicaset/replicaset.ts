import type { ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod, ReplicationController } from '@gantry/model/gen/gantry.core.v1.ts';
import type { LabelSelector } from '@gantry/model/gen/gantry.meta.v1.ts';
import { labelTest, matchesLabels } from '@gantry/model/selectors.ts';
import {
  type Action,
  type AnyObject,
  type Controller,
  keyOf,
  splitKey,
  type View,
  waitForView,
} from '../core/action.ts';
import { claimsOf } from '../core/claims.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { podOfTemplate } from '../core/pod-template.ts';
import { isActive } from '../core/pods.ts';
import { FailureMemory } from './failures.ts';
import type { Replicas } from './replicas.ts';
import { statusActions } from './status.ts';
import { chooseVictims } from './victims.ts';

/** Most pods that one reconcile creates or deletes; the rest follows at once after (as in Kubernetes). */
const burst = 500;

/** Keeps as many pods alive as a ReplicaSet asks for. */
export function replicaSetController(): Controller {
  return replicasController('ReplicaSet', 'replicaset-controller');
}

/** Keeps as many pods alive as a ReplicationController asks for. */
export function replicationController(): Controller {
  return replicasController('ReplicationController', 'replication-controller');
}

function replicasController(kind: 'ReplicaSet' | 'ReplicationController', name: string): Controller {
  const failures = new FailureMemory();
  return {
    name,
    watches: [kind, 'Pod'],

    keysFor(object: AnyObject, view: View): readonly string[] {
      if (object.kind === kind) return [keyOf(object)];
      const pod = object as Pod;
      if (controllerOf(pod)) return ownerKey(pod, kind);
      // An orphan may be adopted by any set that selects it.
      return [...setsOf(view, kind, pod.metadata.namespace)].filter((set) => selects(set, pod)).map(keyOf);
    },

    reconcile(key: string, view: View, nowMs: number): readonly Action[] {
      const { namespace, name: setName } = splitKey(key);
      const set = view.get(kind, namespace, setName) as Replicas | undefined;
      const actions = set === undefined ? [] : plan(set, view, nowMs, failures.of(key));
      // Nothing is left to fail.
      if (!actions.some(({ type }) => type === 'create' || type === 'delete')) failures.forget(key);
      return actions;
    },

    failed(key, error, during) {
      if (during === 'create' || during === 'delete') failures.note(key, error);
    },
  };
}

function plan(set: Replicas, view: View, nowMs: number, failure: string | undefined): readonly Action[] {
  const selects = labelTest(selectorOf(set));
  const { members, actions, isStale } = claimsOf<Pod>(
    set,
    'Pod',
    (pod) => selects(pod.metadata.labels),
    view,
    isActive,
  );
  if (isStale) return [waitForView];
  const pods = members.filter(isActive);
  return [
    // First, so that it is right while pods are refused, and says which spec all later pods are made for.
    ...statusActions(set, members, failure, view, nowMs),
    ...actions,
    ...(set.metadata.deletionTimestamp === undefined ? scale(set, pods, view, nowMs) : []),
  ];
}

function setsOf(
  view: View,
  kind: 'ReplicaSet' | 'ReplicationController',
  namespace: string | undefined,
): Iterable<Replicas> {
  return view.list(kind, namespace);
}

function selects(set: Replicas, pod: Pod): boolean {
  return matchesLabels(selectorOf(set), pod.metadata.labels);
}

/** The selector; a ReplicationController has labels alone. */
function selectorOf(set: Replicas): LabelSelector {
  if (set.kind === 'ReplicaSet') return (set as ReplicaSet).spec.selector;
  return { matchLabels: (set as ReplicationController).spec.selector ?? {} };
}

function scale(set: Replicas, pods: readonly Pod[], view: View, nowMs: number): Action[] {
  const missing = (set.spec.replicas ?? 1) - pods.length;
  if (missing > 0) {
    return Array.from({ length: Math.min(missing, burst) }, () => ({
      type: 'create',
      object: podOfTemplate(set.spec.template!, set),
      tell: set,
    }));
  }
  if (missing === 0) return [];
  const victims = chooseVictims(pods, relatedTo(set, pods, view), Math.min(-missing, burst), nowMs);
  return victims.map((object) => ({ type: 'delete', object, tell: set }));
}

/** The active pods of all sets that one Deployment manages, or of the set alone where nobody manages it. */
function relatedTo(set: Replicas, pods: readonly Pod[], view: View): readonly Pod[] {
  const owner = controllerOf(set);
  if (owner === undefined) return pods;
  const sets = [...view.ownedBy('ReplicaSet', owner.uid)];
  return sets.flatMap(({ metadata }) => [...view.ownedBy('Pod', metadata.uid!)].filter(isActive));
}
