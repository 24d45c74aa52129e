/** Validation of autoscalers. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../gen/gantry.autoscaling.v2.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { forbidden, invalidValue, invalidValues, notSupported, required } from '../../validation/causes.ts';
import { validateMetric } from './metrics.ts';
import { apiVersionProblems, validateReference } from './reference.ts';

const maxWindowSeconds = 3600;
const maxPeriodSeconds = 1800;
const selectPolicies = ['Disabled', 'Max', 'Min'];
const policyTypes = ['Percent', 'Pods'];

/** Validates an autoscaler but for the version of its target, which need not be known once it is stored. */
export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldCause[] {
  const { metrics = [], behavior = {} } = spec;
  return [
    ...validateBounds(spec),
    ...validateReference(spec.scaleTargetRef, 'spec.scaleTargetRef'),
    ...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)),
    ...validateScaleToZero(spec),
    ...validateRules(behavior.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

/** Validates the version of a new autoscaler's target. */
export function validateNewAutoscaler({ spec }: HorizontalPodAutoscaler): FieldCause[] {
  const { apiVersion = '', kind } = spec.scaleTargetRef;
  const field = 'spec.scaleTargetRef.apiVersion';
  const problems = apiVersionProblems(apiVersion);
  if (problems.length > 0) return invalidValues(field, apiVersion, problems);
  if (apiVersion.includes('/') || kind === 'ReplicationController') return [];
  return [invalidValue(field, apiVersion, 'apiVersion must specify API group')];
}

/** Validates the version of a target that is another one than before. */
export function validateAutoscalerUpdate(
  object: HorizontalPodAutoscaler,
  stored: HorizontalPodAutoscaler,
): FieldCause[] {
  const [wanted, before] = [object.spec.scaleTargetRef, stored.spec.scaleTargetRef];
  const isSame = wanted.apiVersion === before.apiVersion && wanted.kind === before.kind;
  return isSame ? [] : validateNewAutoscaler(object);
}

function validateBounds({ minReplicas = 1, maxReplicas = 0 }: HorizontalPodAutoscalerSpec): FieldCause[] {
  const causes: FieldCause[] = [];
  if (minReplicas < 0) {
    causes.push(invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 0'));
  }
  const field = 'spec.maxReplicas';
  if (maxReplicas === 0) causes.push(required(field, 'must be set and greater than 0'));
  else if (maxReplicas < 0) causes.push(invalidValue(field, maxReplicas, 'must be greater than or equal to 1'));
  return maxReplicas < minReplicas
    ? [...causes, invalidValue(field, maxReplicas, 'must be greater than or equal to `minReplicas`')]
    : causes;
}

/** Without pods there is nothing that they use: another metric must tell when some are needed. */
function validateScaleToZero({ minReplicas, metrics = [] }: HorizontalPodAutoscalerSpec): FieldCause[] {
  if (minReplicas !== 0 || metrics.some(({ type }) => type === 'Object' || type === 'External')) return [];
  const text = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [forbidden('spec.metrics', text)];
}

function validateRules(rules: HPAScalingRules | undefined, path: string): FieldCause[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance = '0' } = rules;
  const causes: FieldCause[] = [];
  const windowField = `${path}.stabilizationWindowSeconds`;
  if (window < 0) causes.push(invalidValue(windowField, window, 'must be greater than or equal to zero'));
  if (window > maxWindowSeconds) {
    causes.push(invalidValue(windowField, window, `must be less than or equal to ${maxWindowSeconds}`));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    causes.push(notSupported(`${path}.selectPolicy`, selectPolicy, selectPolicies));
  }
  if (policies.length === 0) causes.push(required(`${path}.policies`, 'must specify at least one Policy'));
  causes.push(...policies.flatMap((policy, index) => validatePolicy(policy, `${path}.policies[${index}]`)));
  const isNegative = compareQuantities(parseQuantity(tolerance), parseQuantity('0')) < 0;
  return isNegative
    ? [...causes, invalidValue(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0')]
    : causes;
}

function validatePolicy({ type = '', value = 0, periodSeconds = 0 }: HPAScalingPolicy, path: string): FieldCause[] {
  const causes = policyTypes.includes(type) ? [] : [notSupported(`${path}.type`, type, policyTypes)];
  if (value <= 0) causes.push(invalidValue(`${path}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) {
    causes.push(invalidValue(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  }
  if (periodSeconds > maxPeriodSeconds) {
    const text = `must be less than or equal to ${maxPeriodSeconds}`;
    causes.push(invalidValue(`${path}.periodSeconds`, periodSeconds, text));
  }
  return causes;
}
