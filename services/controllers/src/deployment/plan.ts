import type { DeploymentCondition, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { type Action, type View, waitForView } from '../core/action.ts';
import { countCollision } from '../core/history.ts';
import { byRevision, revisionOf, rollbackRevisionOf } from './annotations.ts';
import { automaticRollback, markComplete, sinceRollback } from './automatic-rollback.ts';
import { historyLimitOf, progressDeadlineOf, progressingOf, withCondition, withPause } from './conditions.ts';
import { governedConditions, governing, limitedSizes, ownConditions } from './governed.ts';
import { recreateStep } from './recreate.ts';
import { isObserved, type Resize, rollingStep, scalingEvent, setWrites, sizeOf } from './resize.ts';
import { rollBack } from './rollback.ts';
import { nextNewSize } from './rolling.ts';
import { isScaled, scaledSizes } from './scale.ts';
import { isLive, newSetFor, nextRevision } from './sets.ts';
import {
  type AgeOf,
  deadlineAction,
  isComplete,
  type Rollout,
  rolloutStatusOf,
  statusOf,
  statusWrite,
} from './status.ts';

/** Facts that a plan goes by beside the Deployment and its sets. */
export interface Observed {
  readonly view: View;
  /** The wall clock, for times that are stored. */
  readonly nowMs: number;
  readonly ageOf: AgeOf;
  /** Why the set of the present template could not be made; undefined where nobody tried, or it could. */
  readonly createFailure: string | undefined;
}

/** Decides what is to be done about a Deployment. The status comes first: it stays right where a later write is refused for ever. */
export function planOf(rollout: Rollout, observed: Observed): Action[] {
  const { deployment } = rollout;
  const stored = deployment.status?.conditions ?? [];
  if (deployment.metadata.deletionTimestamp !== undefined) return calmStatus(rollout, stored, observed);
  const conditions = withFound(rollout, withPause(deployment, stored, observed.nowMs), observed.nowMs);
  const asked = rollbackRevisionOf(deployment);
  if (deployment.spec.paused) {
    const pruned = asked === undefined ? prune(rollout) : [];
    return [...calmStatus(rollout, conditions, observed), ...setWrites(rollout, scaledSizes(rollout)), ...pruned];
  }
  if (asked !== undefined) return rollBack(rollout, asked);
  const limits = governing(rollout, observed.view);
  if (limits === 'unknown') return [waitForView];
  if (limits !== undefined) {
    const governed = governedConditions(rollout, conditions, observed.nowMs);
    if (rollout.current === undefined) return create(rollout, governed, observed, 0);
    return [...calmStatus(rollout, governed, observed), ...setWrites(rollout, limitedSizes(rollout, limits))];
  }
  const own = sinceRollback(rollout, ownConditions(rollout, conditions, observed.nowMs));
  if (isScaled(rollout)) {
    return [...calmStatus(rollout, own, observed), ...setWrites(rollout, scaledSizes(rollout))];
  }
  return rollOut(rollout, own, observed);
}

function rollOut(rollout: Rollout, conditions: readonly DeploymentCondition[], observed: Observed): Action[] {
  const { deployment, current } = rollout;
  const { ageOf, nowMs } = observed;
  const rolledBack = automaticRollback(rollout, () => rolloutStatusOf(rollout, conditions, ageOf, nowMs), nowMs);
  if (rolledBack !== undefined) return rolledBack;
  const going = (resizes: readonly Resize[]): Action[] => [
    ...rolloutStatus(rollout, conditions, observed),
    ...setWrites(rollout, resizes),
    ...markComplete(rollout),
    ...(isComplete(deployment, deployment.status) ? prune(rollout) : []),
  ];
  if (deployment.spec.strategy?.type !== 'Recreate') {
    return current === undefined ? create(rollout, conditions, observed) : going(rollingStep(rollout, current));
  }
  const step = recreateStep(rollout, observed.view);
  switch (step.type) {
    case 'create':
      return create(rollout, conditions, observed);
    case 'wait':
      return [...going([]), waitForView];
    case 'resize':
      return going(step.resizes);
  }
}

/** Makes the set of the present template. What came of it is told right after, and by the next plan where it was refused. */
function create(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  observed: Observed,
  size = nextNewSize(rollout.bounds, { wanted: 0, available: 0 }, rollout.old.map(sizeOf)),
): Action[] {
  const { deployment, old, bounds } = rollout;
  const { view, nowMs, createFailure } = observed;
  const set = newSetFor(deployment, size, nextRevision(old), bounds.replicas + bounds.maxSurge);
  const { name, namespace } = set.metadata;
  if (view.get('ReplicaSet', namespace, name) !== undefined) {
    return [countCollision(deployment)];
  }
  const isWatched = progressDeadlineOf(deployment) !== undefined;
  const after = isWatched
    ? withCondition(conditions, { type: 'Progressing', status: 'True', ...createdCondition(name) }, nowMs)
    : conditions;
  const status = statusOf(rollout, after, nowMs);
  return [
    ...(createFailure === undefined ? [] : toldFailure(rollout, conditions, name, createFailure, nowMs)),
    { type: 'create', object: set },
    ...scalingEvent(deployment, name, 0, size),
    ...statusWrite(deployment, status, revisionOf(set)),
  ];
}

function toldFailure(
  rollout: Rollout,
  conditions: readonly DeploymentCondition[],
  name: string,
  failure: string,
  nowMs: number,
): Action[] {
  const { deployment } = rollout;
  const reason = 'ReplicaSetCreateError';
  const message = `Failed to create new replica set "${name}": ${failure}`;
  const told =
    progressDeadlineOf(deployment) === undefined
      ? conditions
      : withCondition(conditions, { type: 'Progressing', status: 'False', reason, message }, nowMs);
  return [
    ...statusWrite(deployment, statusOf(rollout, told, nowMs), undefined),
    { type: 'event', about: deployment, eventType: 'Warning', reason, message },
  ];
}

/** The status of a Deployment of which no progress is expected. */
function calmStatus(rollout: Rollout, conditions: readonly DeploymentCondition[], { nowMs }: Observed): Action[] {
  return statusWrite(rollout.deployment, statusOf(rollout, conditions, nowMs), revisionFor(rollout));
}

function rolloutStatus(rollout: Rollout, conditions: readonly DeploymentCondition[], observed: Observed): Action[] {
  const { deployment } = rollout;
  const { ageOf, nowMs } = observed;
  const status = rolloutStatusOf(rollout, conditions, ageOf, nowMs);
  const deadline = deadlineAction(deployment, status, ageOf);
  return [...statusWrite(deployment, status, revisionFor(rollout)), ...(deadline === undefined ? [] : [deadline])];
}

/** The revision of the present template; undefined while it has no set. */
function revisionFor({ current, old }: Rollout): bigint | undefined {
  if (current === undefined) return undefined;
  const [own, next] = [revisionOf(current), nextRevision(old)];
  return own > next ? own : next;
}

/**
 * Tells of a set of the present template of which nobody has told: it was there before anybody watched over progress, or it was made and the news were
 * lost.
 */
function withFound(
  { deployment, current }: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  if (current === undefined || progressDeadlineOf(deployment) === undefined) return conditions;
  const stored = progressingOf(conditions);
  const { name, creationTimestamp = '' } = current.metadata;
  const about = { type: 'Progressing', status: 'True' } as const;
  if (stored === undefined) {
    const message = `Found new replica set "${name}"`;
    return withCondition(conditions, { ...about, reason: 'FoundNewReplicaSet', message }, nowMs);
  }
  // A set that is younger than the end of a rollout is none of that rollout's.
  const isNews =
    stored.reason === 'NewReplicaSetAvailable' &&
    Date.parse(creationTimestamp) > Date.parse(stored.lastUpdateTime ?? '');
  return isNews ? withCondition(conditions, { ...about, ...createdCondition(name) }, nowMs) : conditions;
}

function createdCondition(name: string): { readonly reason: string; readonly message: string } {
  return { reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` };
}

/** Deletes the oldest idle revisions beyond the history limit. */
function prune({ deployment, old }: Rollout): Action[] {
  const limit = historyLimitOf(deployment);
  const kept = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (limit === undefined || kept.length <= limit) return [];
  // A stable sort: of equal revisions the older set comes first.
  const oldest = [...kept].sort(byRevision).slice(0, kept.length - limit);
  return oldest.filter(isIdle).map((object) => ({ type: 'delete', object, ifUnchanged: true }));
}

function isIdle(set: ReplicaSet): boolean {
  return !isLive(set) && !set.status?.replicas && isObserved(set);
}
