import type { Deployment, DeploymentCondition } from '@gantry/model/gen/gantry.apps.v1.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';

/** The value of a deadline or limit that means none. */
const none = 2 ** 31 - 1;

type Conditions = readonly DeploymentCondition[];
type Wanted = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Seconds without progress after which a rollout counts as failed; undefined where nobody watches over it. */
export function progressDeadlineOf({ spec }: Deployment): number | undefined {
  return spec.progressDeadlineSeconds === none ? undefined : spec.progressDeadlineSeconds;
}

/** Old sets that are kept; undefined where all are. */
export function historyLimitOf({ spec }: Deployment): number | undefined {
  return spec.revisionHistoryLimit === none ? undefined : spec.revisionHistoryLimit;
}

/** The Progressing condition. */
export function progressingOf(conditions: Conditions): DeploymentCondition | undefined {
  return conditions.find(({ type }) => type === 'Progressing');
}

/**
 * The conditions with this one at their end, or as they are where its status and reason are said already: a message alone changes nothing. The time
 * of the transition stays where the status does.
 */
export function withCondition(conditions: Conditions, wanted: Wanted, nowMs: number): Conditions {
  const stored = conditions.find(({ type }) => type === wanted.type);
  if (stored?.status === wanted.status && stored.reason === wanted.reason) return conditions;
  const now = rfc3339(nowMs);
  const lastTransitionTime = stored?.status === wanted.status ? stored.lastTransitionTime : now;
  return [...without(conditions, wanted.type), { ...wanted, lastUpdateTime: now, lastTransitionTime }];
}

/** The conditions with this one at their end, as of now even where it was said already. */
export function withFreshCondition(conditions: Conditions, wanted: Wanted, nowMs: number): Conditions {
  const stored = conditions.find(({ type }) => type === wanted.type);
  const now = rfc3339(nowMs);
  const lastTransitionTime = stored?.status === wanted.status ? stored.lastTransitionTime : now;
  return [...without(conditions, wanted.type), { ...wanted, lastUpdateTime: now, lastTransitionTime }];
}

/** The conditions without those of a type. */
export function without(conditions: Conditions, type: string): Conditions {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}

/**
 * The conditions of a Deployment that may have been paused or resumed since: time that it is paused for does not count as time without progress. A rollout
 * that has failed already stays so.
 */
export function withPause(deployment: Deployment, conditions: Conditions, nowMs: number): Conditions {
  const reason = progressingOf(conditions)?.reason;
  if (progressDeadlineOf(deployment) === undefined || reason === 'ProgressDeadlineExceeded') return conditions;
  const unknown = { type: 'Progressing', status: 'Unknown' } as const;
  if (deployment.spec.paused) {
    const message = 'Deployment is paused';
    return withCondition(conditions, { ...unknown, reason: 'DeploymentPaused', message }, nowMs);
  }
  if (reason !== 'DeploymentPaused') return conditions;
  const message = 'Deployment is resumed';
  return withCondition(conditions, { ...unknown, reason: 'DeploymentResumed', message }, nowMs);
}
