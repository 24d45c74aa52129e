/** Makes, keeps and ends a StatefulSet's pods, in the order that its pod management policy asks for. */
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Action } from '../core/action.ts';
import { templateOf } from '../core/history.ts';
import { hasEnded, isLeaving } from '../core/pods.ts';
import { mended, ordinalOf, podFor, revisionOf } from './identity.ts';
import { goesWithFormerPod } from './retention.ts';
import {
  deletionOf,
  guard,
  isOrdered,
  isPending,
  isRunningAndReady,
  isServing,
  isUpdated,
  type Replica,
  type Scene,
  waitOf,
} from './scene.ts';
import { claimsOfOrdinal, conflictsOf, ownClaims, type PodClaims } from './volume-claims.ts';

/** A problem that users are told of once, for as long as it lasts. */
export interface Warning {
  readonly reason: 'FailedCreate' | 'ConflictingController' | 'FailedExpand';
  readonly message: string;
}

/** Actions on pods, and whether all that comes before is as it should be. */
export interface Step {
  readonly actions: readonly Action[];
  readonly warnings: readonly Warning[];
  /** True where nothing more is to be decided until a change. */
  readonly isBlocked: boolean;
}

/** Actions of a plan on pods that are wanted, and on those that are not, at most; the rest follows at once after. */
export const burst = 500;

const done: Step = { actions: [], warnings: [], isBlocked: false };
const blocked: Step = { actions: [], warnings: [], isBlocked: true };

/** Takes care of the pods that the set asks for; ordered sets stop at the first that does not serve yet. */
export function keepReplicas(scene: Scene): Step {
  const actions: Action[] = [];
  const warnings: Warning[] = [];
  for (const replica of scene.replicas) {
    const step = keepReplica(replica, scene);
    actions.push(...step.actions);
    warnings.push(...step.warnings);
    if (step.isBlocked && isOrdered(scene)) return { actions, warnings, isBlocked: true };
    if (actions.length >= burst) break;
  }
  return { actions: claimsFirst(actions), warnings, isBlocked: false };
}

/** Creates side by side share calls: those of all claims, then those of all pods. */
function claimsFirst(actions: readonly Action[]): Action[] {
  const isPod = (action: Action): boolean => action.type === 'create' && action.object.kind === 'Pod';
  return [...actions.filter((action) => !isPod(action)), ...actions.filter(isPod)];
}

function keepReplica({ ordinal, pod }: Replica, scene: Scene): Step {
  const { set } = scene;
  if (pod === undefined) return makePod(ordinal, scene);
  if (hasEnded(pod)) return isLeaving(pod) ? blocked : { ...blocked, actions: [deletionOf(pod, set)] };
  if (isBroken(pod, ordinal, scene)) return { ...blocked, actions: [deletionOf(pod, set)] };
  const claims = claimsOfOrdinal(set, ordinal, scene.view);
  const created = isPending(pod) && !isLeaving(pod) ? createClaims(claims, pod, scene) : [];
  if (isOrdered(scene) && (isLeaving(pod) || !isRunningAndReady(pod) || waitOf(pod, scene) !== 0)) {
    return { ...blocked, actions: created };
  }
  return { ...done, actions: [...created, ...keepIdentity(pod, ordinal, claims, scene)] };
}

function makePod(ordinal: number, scene: Scene): Step {
  const { set, view } = scene;
  const revision = revisionForNew(ordinal, scene);
  const pod = podFor(set, ordinal, templateOf(revision), revision.metadata.name);
  // Another owner's pod, or a released one, has the name: it is either adopted or goes some day.
  if (view.get('Pod', set.metadata.namespace, pod.metadata.name) !== undefined) return blocked;
  const claims = claimsOfOrdinal(set, ordinal, view);
  if (claims.existing.some((claim) => goesWithFormerPod(claim, set, pod))) return blocked;
  const words = `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  const warnings = conflictsOf(claims.existing, set, pod).map((message) => conflicting(message));
  const ending = claims.existing.find(({ metadata }) => metadata.deletionTimestamp !== undefined);
  if (ending !== undefined) {
    const message = `${words} failed error: pvc ${ending.metadata.name} is being deleted`;
    return { ...blocked, warnings: [...warnings, { reason: 'FailedCreate', message }] };
  }
  const told = { done: `${words} successful`, failed: `${words} failed error` };
  return {
    isBlocked: true,
    warnings,
    actions: [
      ...createClaims(claims, pod, scene),
      ...ownClaims(claims.existing, set, pod, ordinal),
      { type: 'create', object: pod, ...guard(set), tell: set, told },
    ],
  };
}

function conflicting(message: string): Warning {
  return { reason: 'ConflictingController', message };
}

function createClaims({ missing }: PodClaims, pod: Pod, { set }: Scene): Action[] {
  return missing.map((object) => {
    const { name } = object.metadata;
    const [podName, setName] = [pod.metadata.name, set.metadata.name];
    const told = {
      done: `Create Claim ${name} Pod ${podName} in StatefulSet ${setName} success`,
      failed: `Create Claim ${name} for Pod ${podName} in StatefulSet ${setName} failed error`,
    };
    return { type: 'create', object, ...guard(set), tell: set, told };
  });
}

/** Gives a pod back what makes it this pod: labels, volumes, and the owners of its claims. */
function keepIdentity(pod: Pod, ordinal: number, { existing }: PodClaims, { set }: Scene): Action[] {
  const owned = ownClaims(existing, set, pod, ordinal);
  const object = isLeaving(pod) ? undefined : mended(pod, set, ordinal);
  const updates: Action[] = object === undefined ? owned : [...owned, { type: 'update', object, ...guard(set) }];
  if (updates.length === 0) return [];
  const message = `Update Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  return [...updates, { type: 'event', about: set, eventType: 'Normal', reason: 'SuccessfulUpdate', message }];
}

/** The revision of a new pod: pods below the partition, and those that an update has not come to, stay as they were. */
function revisionForNew(ordinal: number, { set, replicas, current, update }: Scene): Scene['current'] {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const start = set.spec.ordinals?.start ?? 0;
  if (rollingUpdate !== undefined) return ordinal < start + (rollingUpdate.partition ?? 0) ? current : update;
  if (type !== 'RollingUpdate') return update;
  const name = current.metadata.name;
  const old = replicas.filter(({ pod }) => pod !== undefined && !isLeaving(pod) && revisionOf(pod) === name);
  return ordinal < start + old.length ? current : update;
}

/**
 * True for a pod of a broken revision, in the way of the update that would mend it: it does not run (it waits for its image, or for
 * a node, or crashes over and over), or is of a revision that was given up for another one before it was rolled out, and does not
 * serve. Kubernetes waits for such pods of ordered sets until somebody deletes them.
 */
function isBroken(pod: Pod, ordinal: number, scene: Scene): boolean {
  const { set, current } = scene;
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const start = set.spec.ordinals?.start ?? 0;
  if (!isOrdered(scene) || type !== 'RollingUpdate') return false;
  if (ordinal < start + (rollingUpdate?.partition ?? 0)) return isCanaryToGo(pod, scene);
  if (isLeaving(pod) || isUpdated(pod, scene) || isServing(pod, scene)) return false;
  const isGivenUp = revisionOf(pod) !== current.metadata.name && !isRunningAndReady(pod);
  return isGivenUp || isPending(pod) || isCrashing(pod);
}

/** True for a pod below the partition of a revision that a Rollout takes back, which does not serve: nobody waits for it. */
function isCanaryToGo(pod: Pod, scene: Scene): boolean {
  const { stable } = scene;
  return stable !== undefined && revisionOf(pod) !== stable && !isLeaving(pod) && !isServing(pod, scene);
}

function isCrashing({ status }: Pod): boolean {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return states.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
}

/** Ends the pods that the set does not ask for; ordered sets one after another from the highest ordinal, while all others serve. */
export function endCondemned(scene: Scene): Step {
  const { set, view, condemned } = scene;
  const claims = (pod: Pod): PodClaims => claimsOfOrdinal(set, ordinalOf(pod, set)!, view);
  const owned = condemned.flatMap((pod) => ownClaims(claims(pod).existing, set, pod, ordinalOf(pod, set)!));
  const warnings = condemned.flatMap((pod) => conflictsOf(claims(pod).existing, set, pod)).map(conflicting);
  if (!isOrdered(scene)) {
    const leaving = condemned.filter((pod) => !isLeaving(pod)).slice(0, burst);
    return { actions: [...owned, ...leaving.map((pod) => deletionOf(pod, set))], warnings, isBlocked: false };
  }
  const [next] = condemned;
  if (next === undefined) return done;
  const waits = isLeaving(next) || (!canGo(next, scene) && next !== firstNotServing(scene));
  return { actions: [...owned, ...(waits ? [] : [deletionOf(next, set)])], warnings, isBlocked: true };
}

/** True for a pod that serves, and for one that has ended: it would be waited for in vain. */
function canGo(pod: Pod, scene: Scene): boolean {
  return hasEnded(pod) || (isRunningAndReady(pod) && waitOf(pod, scene) === 0);
}

/** The pod of the lowest ordinal that does not serve, of those that the set asks for before all others. */
function firstNotServing(scene: Scene): Pod | undefined {
  const missing = scene.replicas.find(({ pod }) => pod === undefined || !isServing(pod, scene));
  if (missing !== undefined) return missing.pod;
  return scene.condemned.findLast((pod) => !isServing(pod, scene));
}
