/** Deployments whose way from one revision to the next a Rollout decides. */
import type { DeploymentCondition, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import { sees, type View } from '../core/action.ts';
import { type Limits, limitsOf, podsOf, rolloutFor } from '../rollout/limits.ts';
import { progressDeadlineOf, progressingOf, withCondition } from './conditions.ts';
import type { Resize } from './resize.ts';
import { hashLabel } from './sets.ts';
import type { Rollout } from './status.ts';

/** Reason of the Progressing condition while a policy decides. */
const decides = 'RolloutDecides';

/**
 * The limits that a Deployment's policy sets to its sets; undefined where it goes by its own strategy, and `unknown` while the view of
 * policies is older than the Deployment and may lack the revision that is to be kept.
 */
export function governing({ deployment, current }: Rollout, view: View): Limits | 'unknown' | undefined {
  const policy = rolloutFor(deployment, view);
  if (policy === undefined) return undefined;
  if (!policy.status?.stableRevision && !sees(view, 'Rollout', deployment)) return 'unknown';
  return limitsOf(policy, current && revisionLabelOf(current));
}

/** The sizes of sets within limits. The stable revision comes first: it is whole before others lose their pods. */
export function limitedSizes({ deployment, current, old }: Rollout, limits: Limits): Resize[] {
  const replicas = deployment.spec.replicas ?? 1;
  const sets = current === undefined ? [...old] : [...old, current];
  const resizes = sets.flatMap((set): Resize[] => {
    const size = podsOf(revisionLabelOf(set), limits, replicas);
    return size === 'held' ? [] : [{ set, size, isShare: true }];
  });
  const isStable = ({ set }: Resize): boolean => revisionLabelOf(set) === limits.stable;
  return [...resizes.filter(isStable), ...resizes.filter((resize) => !isStable(resize))];
}

/** The conditions of a Deployment whose progress is the policy's matter: no deadline of its own runs. */
export function governedConditions(
  { deployment }: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  if (progressDeadlineOf(deployment) === undefined) return conditions;
  const message = 'A Rollout decides how the Deployment goes on';
  const wanted = { type: 'Progressing', status: 'Unknown', reason: decides, message } as const;
  return withCondition(conditions, wanted, nowMs);
}

/** The conditions of a Deployment that goes by its own strategy: the time for which a policy decided does not count as time without progress. */
export function ownConditions(
  { deployment }: Rollout,
  conditions: readonly DeploymentCondition[],
  nowMs: number,
): readonly DeploymentCondition[] {
  const isOver = progressDeadlineOf(deployment) !== undefined && progressingOf(conditions)?.reason === decides;
  if (!isOver) return conditions;
  const message = 'Deployment is resumed';
  return withCondition(
    conditions,
    { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed', message },
    nowMs,
  );
}

function revisionLabelOf({ metadata }: ReplicaSet): string {
  return metadata.labels?.[hashLabel] ?? '';
}
