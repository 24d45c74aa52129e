import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodDisruptionBudget } from '../../gen/gantry.policy.v1.ts';
import { invalidValue, oneOf } from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { validateAtMostWhole, validateIntOrPercent } from '../../validation/int-or-percent.ts';
import { validateLabelSelector } from '../../validation/labels.ts';

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget'];

/** Validates a disruption budget. */
export function validateBudget({ spec = {} }: PodDisruptionBudget): FieldCause[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const bounds = Object.entries({ minAvailable, maxUnavailable });
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...bounds.flatMap(([name, bound]) =>
      bound === undefined
        ? []
        : [...validateIntOrPercent(bound, `spec.${name}`), ...validateAtMostWhole(bound, `spec.${name}`)],
    ),
    ...validateLabelSelector(selector, 'spec.selector'),
    ...oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, evictionPolicies),
  ];
}

/** Validates the status of a disruption budget. */
export function validateBudgetStatus({ status = {} }: PodDisruptionBudget): FieldCause[] {
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, conditions } = status;
  const counts = { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods };
  return [
    ...validateConditions(conditions, 'status.conditions'),
    ...Object.entries(counts).flatMap(([name, count = 0]) =>
      count < 0 ? [invalidValue(`status.${name}`, count, 'must be greater than or equal to 0')] : [],
    ),
  ];
}
