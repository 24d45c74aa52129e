import type { Deployment, ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { Action } from '../core/action.ts';
import { byRevision, revisionOf, rollbackAnnotation, rolledBackAnnotations } from './annotations.ts';
import { isSameTemplate, templateWithoutHash } from './sets.ts';
import type { Rollout } from './status.ts';

/**
 * Gives a Deployment the template of an earlier revision, for which older clients ask by an annotation, and what the set of that revision took over from the
 * Deployment of its time. The annotation goes in any case.
 *
 * @param asked the revision, 0 for the last one before the present.
 */
export function rollBack({ deployment, current, old }: Rollout, asked: bigint): Action[] {
  const sets = current === undefined ? old : [...old, current];
  const revision = asked === 0n ? lastOf(sets) : asked;
  if (revision === 0n) return gaveUp(deployment, 'DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  const set = sets.find((candidate) => revisionOf(candidate) === revision);
  if (set === undefined) {
    const message = 'Unable to find the revision to rollback to.';
    return gaveUp(deployment, 'DeploymentRollbackRevisionNotFound', message);
  }
  const { name } = deployment.metadata;
  if (isSameTemplate(set.spec.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`;
    return gaveUp(deployment, 'DeploymentRollbackTemplateUnchanged', message);
  }
  const annotations = rolledBackAnnotations(deployment, set);
  const object: Deployment = {
    ...deployment,
    metadata: { ...deployment.metadata, annotations },
    spec: { ...deployment.spec, template: templateWithoutHash(set) },
  };
  const message = `Rolled back deployment "${name}" to revision ${revision}`;
  return [
    { type: 'update', object },
    { type: 'event', about: deployment, eventType: 'Normal', reason: 'DeploymentRollback', message },
  ];
}

/** The revision before the highest, 0 where there is none. */
function lastOf(sets: readonly ReplicaSet[]): bigint {
  const last = [...sets].sort(byRevision).at(-2);
  return last === undefined ? 0n : revisionOf(last);
}

function gaveUp(deployment: Deployment, reason: string, message: string): Action[] {
  const { [rollbackAnnotation]: _asked, ...annotations } = deployment.metadata.annotations ?? {};
  return [
    { type: 'event', about: deployment, eventType: 'Warning', reason, message },
    { type: 'update', object: { ...deployment, metadata: { ...deployment.metadata, annotations } } },
  ];
}
