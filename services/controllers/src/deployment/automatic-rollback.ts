/** Rollbacks that a Deployment asks for by an annotation, where a rollout misses its progress deadline. */
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Action } from '../core/action.ts';
import { byRevision, completedAnnotation, rolledBackAnnotations } from './annotations.ts';
import { progressingOf, withCondition, without } from './conditions.ts';
import { templateWithoutHash } from './sets.ts';
import { isComplete, type Rollout } from './status.ts';

/** Annotation of a Deployment that goes back by itself: "true". */
const onFailureAnnotation = 'gantry.dev/rollback-on-failure';
/** Type of the condition of a Deployment that went back by itself, for as long as it stays there. */
const rolledBack = 'RolledBack';

function asks({ deployment }: Rollout): boolean {
  return deployment.metadata.annotations?.[onFailureAnnotation] === 'true';
}

/**
 * Gives a Deployment whose rollout has failed the template of the last revision that was complete; undefined where it has not failed, or there is no
 * way back. A revision that was complete once is never left: two bad ones do not take turns.
 *
 * @param statusNow the status that the sets make.
 */
export function automaticRollback(
  rollout: Rollout,
  statusNow: () => DeploymentStatus,
  nowMs: number,
): Action[] | undefined {
  const { deployment, current, old } = rollout;
  if (!asks(rollout) || current === undefined || wasComplete(current)) return undefined;
  const status = statusNow();
  if (progressingOf(status.conditions ?? [])?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const [good] = old
    .filter((set) => wasComplete(set) && set.metadata.deletionTimestamp === undefined)
    .sort((a, b) => byRevision(b, a));
  if (good === undefined) return undefined;
  const message = `ReplicaSet "${current.metadata.name}" missed its progress deadline; ${isBack(good)}`;
  const told = { type: rolledBack, status: 'True', reason: 'ProgressDeadlineExceeded', message } as const;
  const conditions = [...withCondition(without(status.conditions ?? [], rolledBack), told, nowMs)];
  const after = { ...deployment, status: { ...status, conditions } };
  const metadata = {
    ...after.metadata,
    annotations: { ...rolledBackAnnotations(deployment, good), ...policies(deployment) },
  };
  return [
    { type: 'updateStatus', object: after },
    { type: 'update', object: { ...after, metadata, spec: { ...after.spec, template: templateWithoutHash(good) } } },
    { type: 'event', about: deployment, eventType: 'Warning', reason: 'DeploymentRolledBack', message },
  ];
}

/** Marks the set of a complete rollout: it is one to go back to. */
export function markComplete(rollout: Rollout): Action[] {
  const { deployment, current } = rollout;
  if (!asks(rollout) || current === undefined || wasComplete(current)) return [];
  if (!isComplete(deployment, deployment.status)) return [];
  const annotations = { ...current.metadata.annotations, [completedAnnotation]: 'true' };
  return [{ type: 'update', object: { ...current, metadata: { ...current.metadata, annotations } } }];
}

/** The conditions without the word of a rollback where the Deployment has gone elsewhere since. */
export function sinceRollback(
  { current }: Rollout,
  conditions: readonly DeploymentCondition[],
): readonly DeploymentCondition[] {
  const told = conditions.find(({ type }) => type === rolledBack);
  if (told === undefined || current === undefined || told.message?.endsWith(isBack(current))) return conditions;
  // The set that failed is the present one until the template is written.
  return told.message?.startsWith(`ReplicaSet "${current.metadata.name}"`)
    ? conditions
    : without(conditions, rolledBack);
}

/** Annotations that say how Gantry handles the Deployment: they are of no revision. */
function policies({ metadata }: Deployment): Record<string, string> {
  const entries = Object.entries(metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([name]) => name.startsWith('gantry.dev/')));
}

function isBack({ metadata }: ReplicaSet): string {
  return `the template of ReplicaSet "${metadata.name}" is back`;
}

function wasComplete({ metadata }: ReplicaSet): boolean {
  return metadata.annotations?.[completedAnnotation] === 'true';
}
