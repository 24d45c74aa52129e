import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CapacityBuffer } from '../../gen/gantry.capacity.v1beta1.ts';
import { invalidValue, nonNegative, required } from '../../validation/causes.ts';
import { validateAmount } from '../pod/containers/resources.ts';

/** Validates a buffer by the rules of its definition in Kubernetes, in its words. */
export function validateCapacityBuffer({ spec }: CapacityBuffer): FieldCause[] {
  const { podTemplateRef, scalableRef, replicas, percentage, limits } = spec;
  const isBounded = replicas !== undefined || Object.keys(limits ?? {}).length > 0;
  return [
    ...(podTemplateRef !== undefined && scalableRef !== undefined
      ? [invalidValue('spec', 'object', 'You must define either PodTemplateRef or ScalableRef, but not both')]
      : []),
    ...(podTemplateRef !== undefined && !isBounded
      ? [invalidValue('spec', 'object', 'If X is set, replicas or limits must also be set')]
      : []),
    ...(podTemplateRef?.name === '' ? [required('spec.podTemplateRef.name')] : []),
    ...(scalableRef?.kind === '' ? [required('spec.scalableRef.kind')] : []),
    ...(scalableRef?.name === '' ? [required('spec.scalableRef.name')] : []),
    ...nonNegative('spec.replicas', replicas),
    ...nonNegative('spec.percentage', percentage),
    ...Object.entries(limits ?? {}).flatMap(([name, amount]) => validateAmount(name, amount, `spec.limits[${name}]`)),
  ];
}
