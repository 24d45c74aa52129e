import { isDeepStrictEqual } from 'node:util';
import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
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
import { claimsOf } from '../core/claims.ts';
import { controllerOf, ownerKey } from '../core/owners.ts';
import { nextNewSize, nextOldSizes, type RolloutBounds, rolloutBounds, type SetSize, shareOut } from './rolling.ts';
import {
  countAnnotations,
  desiredWhenWritten,
  newSetFor,
  type Revisions,
  revisionAnnotation,
  revisionOf,
  revisionsOf,
  setAnnotations,
} from './sets.ts';
import { statusActions } from './status.ts';

/** Rolls a Deployment's pods from one template to the next, by growing one ReplicaSet and shrinking the others. */
export const deploymentController: Controller = {
  name: 'deployment-controller',
  watches: ['Deployment', 'ReplicaSet', 'Pod'],

  keysFor(object: AnyObject, view: View): readonly string[] {
    if (object.kind === 'Deployment') return [keyOf(object)];
    if (object.kind === 'ReplicaSet') {
      if (controllerOf(object)) return ownerKey(object, 'Deployment');
      const deployments = [...view.list('Deployment', object.metadata.namespace)];
      return deployments.filter((deployment) => selects(deployment, object as ReplicaSet)).map(keyOf);
    }
    return ownerKey(object, 'ReplicaSet').flatMap((key) => recreatingKey(key, view));
  },

  reconcile(key: string, view: View, nowMs: number): readonly Action[] {
    const { namespace, name } = splitKey(key);
    const deployment = view.get('Deployment', namespace, name);
    if (deployment === undefined) return [];
    const claims = claimsOf<ReplicaSet>(deployment, 'ReplicaSet', (set) => selects(deployment, set), view);
    if (claims.isStale) return [waitForView];
    const bounds = boundsOf(deployment);
    const revisions = revisionsOf(deployment, claims.members);
    const status = statusActions({ deployment, current: revisions.current, all: claims.members, bounds }, nowMs);
    if (deployment.metadata.deletionTimestamp !== undefined) return status;
    // Adopt and release first: the next reconcile then sees all that belongs here.
    if (claims.actions.length > 0) return claims.actions;
    const rollout = rollOut(deployment, revisions, bounds, view);
    // A counted collision is a status of its own.
    if (rollout.some(({ type }) => type === 'updateStatus')) return rollout;
    // The status first: it stays right where a later write is refused for ever.
    return [...status, ...rollout];
  },
};

/** The key of the Deployment that owns a set, if it recreates: it waits for the last old pod. No other depends on single pods. */
function recreatingKey(setKey: string, view: View): string[] {
  const { namespace, name } = splitKey(setKey);
  const set = view.get('ReplicaSet', namespace, name);
  const keys = set === undefined ? [] : ownerKey(set, 'Deployment');
  return keys.filter((key) => {
    const deployment = view.get('Deployment', namespace, splitKey(key).name);
    return deployment?.spec.strategy?.type === 'Recreate';
  });
}

function selects(deployment: Deployment, set: ReplicaSet): boolean {
  return matchesLabels(deployment.spec.selector, set.metadata.labels);
}

function boundsOf(deployment: Deployment): RolloutBounds {
  const replicas = deployment.spec.replicas ?? 1;
  if (deployment.spec.strategy?.type === 'Recreate') return { replicas, maxSurge: 0, maxUnavailable: replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  return rolloutBounds(replicas, maxSurge, maxUnavailable);
}

/** A Deployment with the set that makes pods by its present template, if there is one, and the bounds of its rollout. */
interface Rollout {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly bounds: RolloutBounds;
}

function rollOut(deployment: Deployment, revisions: Revisions, bounds: RolloutBounds, view: View): Action[] {
  const { current, old } = revisions;
  const rollout: Rollout = { deployment, current, bounds };
  const all = current === undefined ? old : [...old, current];
  const scaled = wasScaled(deployment, all);
  if (deployment.spec.paused || (scaled && all.some((set) => (set.spec.replicas ?? 0) > 0))) {
    return scaleInProportion(rollout, old);
  }
  if (current === undefined) return createCurrent(rollout, old, view);
  const revision = Math.max(revisionOf(current), highestRevision(old) + 1);
  const annotated = annotate(rollout, current, revision);
  const recreating = deployment.spec.strategy?.type === 'Recreate';
  const resized = recreating ? recreate(deployment, current, old, view) : roll(current, old, bounds);
  // A set that is resized is written with its annotations in one go.
  const rewritten = resized.some(({ set }) => set === current);
  return [
    ...(annotated !== undefined && !rewritten ? [{ type: 'update', object: annotated } as const] : []),
    ...resized.flatMap(({ set, size }) => resize(rollout, set, size, set === current ? revision : revisionOf(set))),
    ...recordRevision(deployment, revision),
    ...prune(deployment, old),
    ...(recreating && podsLeft(old, view) === 'unknown' ? [waitForView] : []),
  ];
}

interface Resize {
  readonly set: ReplicaSet;
  readonly size: number;
}

/** True where a set's controller has acted on its present spec, or is about to: its status counts the pods that there are. */
function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

function sizeOf(set: ReplicaSet): Required<SetSize> {
  const wanted = set.spec.replicas ?? 1;
  const available = Math.min(wanted, set.status?.availableReplicas ?? 0);
  // A set that does not know its present size yet may still be making pods for another one.
  const atMost = isObserved(set) ? Math.max(wanted, set.status?.replicas ?? 0) : Number.POSITIVE_INFINITY;
  return { wanted, available, atMost };
}

function roll(current: ReplicaSet, old: readonly ReplicaSet[], bounds: RolloutBounds): Resize[] {
  const live = old.filter((set) => (set.spec.replicas ?? 0) > 0);
  const newSize = nextNewSize(bounds, sizeOf(current), old.map(sizeOf));
  if (newSize !== current.spec.replicas) return [{ set: current, size: newSize }];
  const oldSizes = nextOldSizes(bounds, sizeOf(current), live.map(sizeOf));
  return live
    .map((set, index) => ({ set, size: oldSizes[index]! }))
    .filter(({ set, size }) => size !== set.spec.replicas);
}

function recreate(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[], view: View): Resize[] {
  const live = old.filter((set) => (set.spec.replicas ?? 0) > 0);
  if (live.length > 0) return live.map((set) => ({ set, size: 0 }));
  if (podsLeft(old, view) !== 'none') return [];
  const replicas = deployment.spec.replicas ?? 1;
  return current.spec.replicas === replicas ? [] : [{ set: current, size: replicas }];
}

/**
 * Whether a pod of these sets has not ended, be it on its way out. `unknown` while a set's controller has not acted on its
 * present size, or the view of pods is older than what that controller says.
 */
function podsLeft(sets: readonly ReplicaSet[], view: View): 'none' | 'some' | 'unknown' {
  const running = (pod: Pod): boolean => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
  if (sets.some((set) => [...view.ownedBy('Pod', set.metadata.uid!)].some(running))) return 'some';
  const known = sets.every((set) => isObserved(set) && !set.status?.replicas && sees(view, 'Pod', set));
  return known ? 'none' : 'unknown';
}

function createCurrent(rollout: Rollout, old: readonly ReplicaSet[], view: View): Action[] {
  const { deployment, bounds } = rollout;
  const recreating = deployment.spec.strategy?.type === 'Recreate';
  const live = old.filter((set) => (set.spec.replicas ?? 0) > 0);
  if (recreating && live.length > 0) {
    return live.flatMap((set) => resize(rollout, set, 0, revisionOf(set)));
  }
  const left = recreating ? podsLeft(old, view) : 'none';
  if (left !== 'none') return left === 'unknown' ? [waitForView] : [];
  const revision = highestRevision(old) + 1;
  const size = nextNewSize(bounds, { wanted: 0, available: 0 }, old.map(sizeOf));
  const taken = view.get(
    'ReplicaSet',
    deployment.metadata.namespace,
    newSetFor(deployment, size, revision, 0).metadata.name,
  );
  if (taken !== undefined) {
    // Another template hashed to this name: count the collision, which salts the next hash.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    return [{ type: 'updateStatus', object: { ...deployment, status: { ...deployment.status, collisionCount } } }];
  }
  const set = newSetFor(deployment, size, revision, bounds.replicas + bounds.maxSurge);
  return [
    { type: 'create', object: set },
    ...(size === 0 ? [] : [scalingEvent(deployment, 'up', set.metadata.name, 0, size)]),
    ...recordRevision(deployment, revision),
  ];
}

function highestRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf));
}

/**
 * The set with the annotations it should carry, undefined where it has them. A set of an older template keeps what it took over
 * from the Deployment of its time, such as the cause of the change, and learns the counts alone.
 */
function annotate({ deployment, current, bounds }: Rollout, set: ReplicaSet, revision: number): ReplicaSet | undefined {
  const maxReplicas = bounds.replicas + bounds.maxSurge;
  const isCurrent = set === current;
  const wanted = {
    ...set.metadata.annotations,
    ...(isCurrent ? setAnnotations(deployment, revision, maxReplicas) : countAnnotations(deployment, maxReplicas)),
  };
  const minReadySeconds = (isCurrent ? deployment.spec : set.spec).minReadySeconds ?? 0;
  const same = isDeepStrictEqual({ ...wanted }, { ...set.metadata.annotations });
  if (same && (set.spec.minReadySeconds ?? 0) === minReadySeconds) return undefined;
  return { ...set, metadata: { ...set.metadata, annotations: wanted }, spec: { ...set.spec, minReadySeconds } };
}

function resize(rollout: Rollout, set: ReplicaSet, size: number, revision: number): Action[] {
  const annotated = annotate(rollout, set, revision) ?? set;
  const before = set.spec.replicas ?? 1;
  return [
    { type: 'update', object: { ...annotated, spec: { ...annotated.spec, replicas: size } } },
    ...(before === size
      ? []
      : [scalingEvent(rollout.deployment, size > before ? 'up' : 'down', set.metadata.name, before, size)]),
  ];
}

function scalingEvent(about: Deployment, direction: 'up' | 'down', set: string, from: number, to: number): Action {
  const message = `Scaled ${direction} replica set ${set} from ${from} to ${to}`;
  return { type: 'event', about, eventType: 'Normal', reason: 'ScalingReplicaSet', message };
}

/** True where the Deployment asks for another number of replicas than when its sets were written. */
function wasScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  const live = sets.filter((set) => (set.spec.replicas ?? 0) > 0);
  return live.some((set) => {
    const desired = desiredWhenWritten(set);
    return desired !== undefined && desired !== (deployment.spec.replicas ?? 1);
  });
}

function scaleInProportion(rollout: Rollout, old: readonly ReplicaSet[]): Action[] {
  const { deployment, current, bounds } = rollout;
  const all = [...old, ...(current === undefined ? [] : [current])];
  const live = all.filter((set) => (set.spec.replicas ?? 0) > 0);
  if (live.length === 0) return growIdle(rollout, current ?? old.at(-1), all);
  const sizes = live.map((set) => set.spec.replicas ?? 0);
  // In the middle of a rollout the surge is part of the total.
  const total = bounds.replicas === 0 ? 0 : bounds.replicas + (live.length > 1 ? bounds.maxSurge : 0);
  const shared = wasScaled(deployment, live) ? shareOut(sizes, total) : sizes;
  const grows = shared.some((size, index) => size > sizes[index]!);
  // Pods of sets that still shrink are part of the total as well.
  if (grows && all.map(sizeOf).some(({ wanted, atMost }) => atMost > wanted)) return [];
  return live.flatMap((set, index) => {
    const changed = shared[index] !== set.spec.replicas || annotate(rollout, set, revisionOf(set)) !== undefined;
    return changed ? resize(rollout, set, shared[index]!, revisionOf(set)) : [];
  });
}

/** Grows one set of a Deployment none of whose sets wants pods. */
function growIdle(rollout: Rollout, idle: ReplicaSet | undefined, all: readonly ReplicaSet[]): Action[] {
  if (idle === undefined) return [];
  const others = all.filter((set) => set !== idle);
  const size = nextNewSize(rollout.bounds, sizeOf(idle), others.map(sizeOf));
  return size > 0 ? resize(rollout, idle, size, revisionOf(idle)) : [];
}

function recordRevision(deployment: Deployment, revision: number): Action[] {
  if (revisionOf(deployment) === revision) return [];
  const annotations = { ...deployment.metadata.annotations, [revisionAnnotation]: String(revision) };
  return [{ type: 'update', object: { ...deployment, metadata: { ...deployment.metadata, annotations } } }];
}

/** Deletes the oldest idle revisions beyond the history limit. */
function prune(deployment: Deployment, old: readonly ReplicaSet[]): Action[] {
  const idle = old.filter(
    (set) =>
      set.spec.replicas === 0 && (set.status?.replicas ?? 0) === 0 && set.metadata.deletionTimestamp === undefined,
  );
  const excess = idle.length - (deployment.spec.revisionHistoryLimit ?? 10);
  const byRevision = [...idle].sort((a, b) => revisionOf(a) - revisionOf(b));
  return byRevision.slice(0, Math.max(0, excess)).map((object) => ({ type: 'delete', object, ifUnchanged: true }));
}
