import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { Lease } from '../../gen/gantry.coordination.v1.ts';
import { forbidden, invalidValue, invalidValues, nonNegative } from '../../validation/causes.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';

/** Validates a lease. */
export function validateLease({ spec = {} }: Lease): FieldCause[] {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec;
  const causes: FieldCause[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    causes.push(invalidValue('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
  }
  causes.push(...nonNegative('spec.leaseTransitions', leaseTransitions));
  if (strategy !== undefined) causes.push(...invalidValues('spec.strategy', strategy, qualifiedNameProblems(strategy)));
  if (preferredHolder && strategy === undefined) {
    causes.push(forbidden('spec.preferredHolder', 'may only be specified when `strategy` is defined'));
  }
  return causes;
}
