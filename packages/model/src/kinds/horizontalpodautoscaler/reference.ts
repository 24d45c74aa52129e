/** Validation of references to objects by kind, name and version. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CrossVersionObjectReference } from '../../gen/gantry.autoscaling.v2.ts';
import { invalidValues, required } from '../../validation/causes.ts';
import { pathSegmentProblems } from '../../validation/names.ts';

/** Validates kind and name of an object. */
export function validateReference({ kind = '', name = '' }: CrossVersionObjectReference, path: string): FieldCause[] {
  const parts = [
    ['kind', kind],
    ['name', name],
  ] as const;
  return parts.flatMap(([part, value]) =>
    value === '' ? [required(`${path}.${part}`)] : invalidValues(`${path}.${part}`, value, pathSegmentProblems(value)),
  );
}

/** Problems of a group and version, such as apps/v1. */
export function apiVersionProblems(apiVersion: string): string[] {
  return apiVersion.split('/').length > 2 ? [`unexpected GroupVersion string: ${apiVersion}`] : [];
}
