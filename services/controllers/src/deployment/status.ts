import { isDeepStrictEqual } from 'node:util';
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@gantry/model/gen/gantry.apps.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Action } from '../core/action.ts';
import type { RolloutBounds } from './rolling.ts';

/** The state from which a status is computed. */
export interface Rollout {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly all: readonly ReplicaSet[];
  readonly bounds: RolloutBounds;
}

/** Writes the status if it changed, and comes back when the progress deadline runs out. */
export function statusActions(rollout: Rollout, nowMs: number): Action[] {
  const { deployment } = rollout;
  const status = computeStatus(rollout, nowMs);
  const changed = !isDeepStrictEqual(withoutUndefined(deployment.status ?? {}), withoutUndefined(status));
  const deadlineMs = progressDeadlineMs(deployment, status);
  return [
    ...(changed ? [{ type: 'updateStatus', object: { ...deployment, status } } as const] : []),
    ...(deadlineMs === undefined || deadlineMs <= nowMs
      ? []
      : [{ type: 'requeue', afterMs: deadlineMs - nowMs } as const]),
  ];
}

function computeStatus(rollout: Rollout, nowMs: number): DeploymentStatus {
  const { deployment, current, all, bounds } = rollout;
  const count = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    all.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const available = count('availableReplicas');
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: count('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: count('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, all.reduce((total, set) => total + (set.spec.replicas ?? 0), 0) - available),
  };
  const enough = available >= bounds.replicas - bounds.maxUnavailable;
  const conditions = [
    condition(deployment, nowMs, {
      type: 'Available',
      status: enough ? 'True' : 'False',
      reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      message: enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
    }),
    progressing(rollout, counts, nowMs),
  ];
  return { ...deployment.status, ...counts, conditions };
}

type Counts = Pick<DeploymentStatus, 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'>;

/** True once every replica is of the present template and available, and no other is left. */
function isComplete({ bounds }: Rollout, counts: Counts): boolean {
  return (
    counts.updatedReplicas === bounds.replicas &&
    counts.replicas === bounds.replicas &&
    counts.availableReplicas === bounds.replicas
  );
}

function progressing(rollout: Rollout, counts: Counts, nowMs: number): DeploymentCondition {
  const { deployment, current } = rollout;
  const stored = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  const set = current === undefined ? 'ReplicaSet' : `ReplicaSet "${current.metadata.name}"`;
  if (deployment.spec.paused) {
    const message = 'Deployment is paused';
    return condition(deployment, nowMs, {
      type: 'Progressing',
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message,
    });
  }
  if (current !== undefined && isComplete(rollout, counts)) {
    const message = `${set} has successfully progressed.`;
    return condition(deployment, nowMs, {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message,
    });
  }
  const before = deployment.status ?? {};
  const moved =
    (counts.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    (counts.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (counts.availableReplicas ?? 0) > (before.availableReplicas ?? 0) ||
    (counts.replicas ?? 0) - (counts.updatedReplicas ?? 0) < (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  const newRollout = deployment.metadata.generation !== before.observedGeneration;
  if (stored === undefined || moved || newRollout) {
    const message = `${set} is progressing.`;
    return condition(
      deployment,
      nowMs,
      { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message },
      true,
    );
  }
  const deadlineMs = progressDeadlineMs(deployment, before);
  if (deadlineMs !== undefined && deadlineMs <= nowMs) {
    const message = `${set} has timed out progressing.`;
    return condition(deployment, nowMs, {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message,
    });
  }
  return stored;
}

/** The time at which a rollout without progress counts as failed, in milliseconds since the Unix epoch; undefined if none runs. */
function progressDeadlineMs(deployment: Deployment, status: DeploymentStatus): number | undefined {
  const stored = status.conditions?.find(({ type }) => type === 'Progressing');
  const seconds = deployment.spec.progressDeadlineSeconds;
  const running = stored?.status === 'True' && stored.reason !== 'NewReplicaSetAvailable';
  if (seconds === undefined || !running || stored.lastUpdateTime === undefined) return undefined;
  return Date.parse(stored.lastUpdateTime) + seconds * 1000;
}

/** The condition with its times; the stored one if neither it nor the rollout moved. */
function condition(
  deployment: Deployment,
  nowMs: number,
  wanted: Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>,
  moved = false,
): DeploymentCondition {
  const stored = deployment.status?.conditions?.find(({ type }) => type === wanted.type);
  const now = rfc3339(nowMs);
  const same = stored?.status === wanted.status && stored.reason === wanted.reason && stored.message === wanted.message;
  if (same && !moved) return stored;
  const lastTransitionTime = stored?.status === wanted.status ? stored.lastTransitionTime : now;
  return { ...wanted, lastUpdateTime: now, lastTransitionTime };
}

function withoutUndefined(status: DeploymentStatus): unknown {
  return JSON.parse(JSON.stringify(status, (_name, value: unknown) => (value === 0 ? undefined : value)));
}
