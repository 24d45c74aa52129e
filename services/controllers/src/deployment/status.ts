import { isDeepStrictEqual } from 'node:util';
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Action } from '../core/action.ts';
import { revisionAnnotation, revisionOf } from './annotations.ts';
import { progressDeadlineOf, progressingOf, withCondition, withFreshCondition, without } from './conditions.ts';
import type { RolloutBounds } from './rolling.ts';

/** Milliseconds beyond a deadline, because stored times are whole seconds. */
const roundingMs = 1000;

/** The state from which a status is computed. */
export interface Rollout {
  readonly deployment: Deployment;
  /** The set of the present template. */
  readonly current: ReplicaSet | undefined;
  /** All other sets, oldest first. */
  readonly old: readonly ReplicaSet[];
  readonly bounds: RolloutBounds;
}

/** Milliseconds since the time that a Progressing condition tells of. */
export type AgeOf = (stamp: string) => number;

/** The status that the sets make, on top of conditions that say what happened to the Deployment itself. */
export function statusOf(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): DeploymentStatus {
  const { deployment, current, old, bounds } = rollout;
  const all = current === undefined ? old : [...old, current];
  const count = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    all.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const available = count('availableReplicas');
  const wanted = all.reduce((total, { spec }) => total + (spec.replicas ?? 1), 0);
  const terminating = terminatingIn(all);
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: count('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: count('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
    terminatingReplicas: terminating,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...withAvailable(conditions, available >= bounds.replicas - bounds.maxUnavailable, nowMs)],
  };
}

/** The same status of a Deployment that is being rolled out: it tells of progress, of its lack, and of pods that cannot be made. */
export function rolloutStatusOf(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  ageOf: AgeOf,
  nowMs: number,
): DeploymentStatus {
  const status = statusOf(rollout, conditions, nowMs);
  const estimated = withProgress(rollout, status, ageOf, nowMs);
  return { ...status, conditions: [...withReplicaFailure(rollout, estimated, nowMs)] };
}

/** True once every replica is of the present template and available, and no other is left. */
export function isComplete({ metadata, spec }: Deployment, status: DeploymentStatus = {}): boolean {
  const replicas = spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

/** Writes the status and the revision of the present template if one of them changed: both in one write, which makes no new generation. */
export function statusWrite(deployment: Deployment, status: DeploymentStatus, revision: bigint | undefined): Action[] {
  const isRevised = revision !== undefined && revisionOf(deployment) !== revision;
  if (!isRevised && isSameStatus(deployment.status ?? {}, status)) return [];
  const annotations = isRevised ? { annotations: { [revisionAnnotation]: String(revision) } } : {};
  return [{ type: 'updateStatus', object: { ...deployment, status }, ...annotations }];
}

/** Comes back when the progress deadline runs out; undefined where no rollout waits for anything. */
export function deadlineAction(deployment: Deployment, status: DeploymentStatus, ageOf: AgeOf): Action | undefined {
  const seconds = progressDeadlineOf(deployment);
  const condition = progressingOf(status.conditions ?? []);
  if (seconds === undefined || condition?.lastUpdateTime === undefined || isComplete(deployment, status)) {
    return undefined;
  }
  if (condition.reason === 'ProgressDeadlineExceeded' || condition.reason === 'NewReplicaSetAvailable')
    return undefined;
  const leftMs = seconds * 1000 - ageOf(condition.lastUpdateTime);
  return { type: 'requeue', afterMs: Math.max(0, leftMs) + roundingMs };
}

/** Pods of all sets that are being deleted; undefined while a set says nothing of them. A set that nobody looked at yet has none. */
function terminatingIn(sets: readonly ReplicaSet[]): number | undefined {
  const known = sets.filter(({ status = {} }) => status.observedGeneration || status.terminatingReplicas !== undefined);
  if (known.some(({ status }) => status?.terminatingReplicas === undefined)) return undefined;
  return known.reduce((total, { status }) => total + status!.terminatingReplicas!, 0);
}

function withAvailable(
  conditions: readonly DeploymentCondition[],
  isEnough: boolean,
  nowMs: number,
): readonly DeploymentCondition[] {
  const wanted = isEnough
    ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return withCondition(conditions, { type: 'Available', ...wanted }, nowMs);
}

function withProgress(
  { deployment, current }: Rollout,
  status: DeploymentStatus,
  ageOf: AgeOf,
  nowMs: number,
): readonly DeploymentCondition[] {
  const { conditions = [] } = status;
  const seconds = progressDeadlineOf(deployment);
  if (seconds === undefined) return without(conditions, 'Progressing');
  const stored = progressingOf(conditions);
  const isDone = status.replicas === status.updatedReplicas && stored?.reason === 'NewReplicaSetAvailable';
  if (isDone) return conditions;
  const { name } = (current ?? deployment).metadata;
  const subject = `${current === undefined ? 'Deployment' : 'ReplicaSet'} "${name}"`;
  const type = 'Progressing';
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, { type, status: 'True', reason: 'NewReplicaSetAvailable', message }, nowMs);
  }
  if (hasMoved(deployment.status ?? {}, status)) {
    const message = `${subject} is progressing.`;
    return withFreshCondition(conditions, { type, status: 'True', reason: 'ReplicaSetUpdated', message }, nowMs);
  }
  if (!isTimedOut(stored, seconds, ageOf)) return conditions;
  const message = `${subject} has timed out progressing.`;
  return withCondition(conditions, { type, status: 'False', reason: 'ProgressDeadlineExceeded', message }, nowMs);
}

/** True where new pods were made, pods became ready or available, or old ones went. */
function hasMoved(before: DeploymentStatus, status: DeploymentStatus): boolean {
  const oldPods = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas;
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(status) < oldPods(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(stored: DeploymentCondition | undefined, seconds: number, ageOf: AgeOf): boolean {
  // A rollout that was complete has not begun anew yet.
  if (stored?.lastUpdateTime === undefined || stored.reason === 'NewReplicaSetAvailable') return false;
  return stored.reason === 'ProgressDeadlineExceeded' || ageOf(stored.lastUpdateTime) > seconds * 1000;
}

/** Tells why pods cannot be made or deleted, of the present template before all others. */
function withReplicaFailure(
  { current, old }: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  const sets = current === undefined ? old : [current, ...old];
  const failures = sets.flatMap(
    ({ status }) => status?.conditions?.filter(({ type }) => type === 'ReplicaFailure') ?? [],
  );
  const [failure] = failures;
  if (failure === undefined) return without(conditions, 'ReplicaFailure');
  const { type, status, reason, message, lastTransitionTime } = failure;
  const told = withCondition(conditions, { type, status, reason: reason ?? '', message: message ?? '' }, nowMs);
  if (told === conditions) return conditions;
  return told.map((condition) =>
    condition.type === type ? { ...condition, lastUpdateTime: lastTransitionTime, lastTransitionTime } : condition,
  );
}

/** True for statuses that mean the same: an absent count is 0, but for the terminating pods, which nobody has counted then. */
function isSameStatus(a: DeploymentStatus, b: DeploymentStatus): boolean {
  const counted = ({ conditions = [], terminatingReplicas, ...counts }: DeploymentStatus): unknown => {
    const present = Object.entries(counts).filter(([, value]) => value !== undefined && value !== 0);
    return { counts: Object.fromEntries(present), terminatingReplicas, conditions };
  };
  return isDeepStrictEqual(counted(a), counted(b));
}
