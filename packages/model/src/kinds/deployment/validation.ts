/** Validation of Deployments. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Deployment, DeploymentSpec, RollingUpdateDeployment } from '../../gen/gantry.apps.v1.ts';
import { forbidden, invalidValue, nonNegative, notSupported } from '../../validation/causes.ts';
import { numberOf, validateAtMostWhole, validateIntOrPercent } from '../../validation/int-or-percent.ts';
import {
  validateReplicaCounts,
  validateSelectorAndTemplate,
  validateSelectorUpdate,
} from '../replicaset/validation.ts';
import { validateRollback } from './rollback.ts';

const strategyTypes = ['Recreate', 'RollingUpdate'];

/** Validates a Deployment. */
export function validateDeployment(deployment: Deployment): FieldCause[] {
  const { spec } = deployment;
  return [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateSelectorAndTemplate(spec, 'deployment'),
    ...validateStrategy(spec),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...validateRollback(deployment),
    ...validateProgressDeadline(spec),
  ];
}

/** Validates a change of a Deployment: its pods stay those that it had. */
export function validateDeploymentUpdate({ spec }: Deployment, { spec: stored }: Deployment): FieldCause[] {
  return validateSelectorUpdate(spec.selector, stored.selector);
}

/** Validates a Deployment's status. Collisions of names are counted up alone: a name must not come back. */
export function validateDeploymentStatus({ status = {} }: Deployment, stored: Deployment): FieldCause[] {
  const parts = ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const;
  const { collisionCount } = status;
  const before = stored.status?.collisionCount;
  return [
    ...validateReplicaCounts(status, parts, ['unavailableReplicas', 'terminatingReplicas', 'collisionCount']),
    ...(before !== undefined && (collisionCount === undefined || collisionCount < before)
      ? [invalidValue('status.collisionCount', collisionCount ?? 0, 'cannot be decremented')]
      : []),
  ];
}

function validateProgressDeadline({ progressDeadlineSeconds, minReadySeconds = 0 }: DeploymentSpec): FieldCause[] {
  const field = 'spec.progressDeadlineSeconds';
  const causes = nonNegative(field, progressDeadlineSeconds);
  return progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds
    ? [...causes, invalidValue(field, progressDeadlineSeconds, 'must be greater than minReadySeconds')]
    : causes;
}

function validateStrategy({ strategy = {} }: DeploymentSpec): FieldCause[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === 'Recreate') {
    const text = "may not be specified when strategy `type` is 'Recreate'";
    return rollingUpdate === undefined ? [] : [forbidden('spec.strategy.rollingUpdate', text)];
  }
  if (type !== 'RollingUpdate') return [notSupported('spec.strategy', type, strategyTypes)];
  return validateSteps(rollingUpdate ?? {}, 'spec.strategy.rollingUpdate');
}

function validateSteps({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment, path: string): FieldCause[] {
  const causes = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  if (causes.length > 0) return [...causes, ...validateAtMostWhole(maxUnavailable, `${path}.maxUnavailable`)];
  if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0) {
    return [invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')];
  }
  return validateAtMostWhole(maxUnavailable, `${path}.maxUnavailable`);
}
