import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PodGroup } from '../../gen/gantry.scheduling.v1alpha1.ts';
import { invalidValue, nonNegative } from '../../validation/causes.ts';
import { validateAmount } from '../pod/containers/resources.ts';

/** Pods that are bound in one go: as many as the store takes in one commit. */
export const maxMinMember = 500;

/** Validates a pod group. */
export function validatePodGroup({ spec = {} }: PodGroup): FieldCause[] {
  const { minMember, minResources = {}, scheduleTimeoutSeconds } = spec;
  return [
    ...nonNegative('spec.minMember', minMember),
    ...(minMember !== undefined && minMember > maxMinMember
      ? [invalidValue('spec.minMember', minMember, `must be less than or equal to ${maxMinMember}`)]
      : []),
    ...Object.entries(minResources).flatMap(([name, amount]) =>
      validateAmount(name, amount, `spec.minResources[${name}]`),
    ),
    ...(scheduleTimeoutSeconds !== undefined && scheduleTimeoutSeconds <= 0
      ? [invalidValue('spec.scheduleTimeoutSeconds', scheduleTimeoutSeconds, 'must be greater than zero')]
      : []),
  ];
}
