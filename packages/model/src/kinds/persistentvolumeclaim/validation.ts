import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { forbidden, invalidValue, required } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { validateAccessModes, validateClassAndMode, validateSize } from '../persistentvolume/modes.ts';

/** Validates a claim. */
export function validateClaim({ spec }: PersistentVolumeClaim): FieldCause[] {
  return validateClaimSpec(spec, 'spec');
}

/** Validates the volume that a claim asks for. @param path Of the spec. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string): FieldCause[] {
  const size = spec.resources?.requests?.storage;
  const sizeField = `${path}.resources[storage]`;
  return [
    ...validateAccessModes(spec.accessModes, `${path}.accessModes`, 'at least 1 access mode is required'),
    ...validateLabelSelector(spec.selector, `${path}.selector`),
    ...(size === undefined ? [required(sizeField)] : validateSize(size, sizeField)),
    ...validateClassAndMode(spec, path),
    ...validateDataSource(spec, path, 'dataSource'),
    ...validateDataSource(spec, path, 'dataSourceRef'),
  ];
}

/** Validates the immutable fields of a claim: volume, class and modes. The size of a bound claim may grow. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, stored: PersistentVolumeClaim): FieldCause[] {
  const causes: FieldCause[] = [];
  if (!isDeepStrictEqual(fixedParts(claim.spec, stored), fixedParts(stored.spec, stored))) {
    const text =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    causes.push(forbidden('spec', text));
  }
  const [size, before, given] = [
    claim.spec.resources?.requests?.storage,
    stored.spec.resources?.requests?.storage,
    stored.status?.capacity?.storage,
  ].map((text) => parseQuantity(text ?? '0'));
  if (compareQuantities(size!, before!) < 0 && compareQuantities(size!, given!) <= 0) {
    causes.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  return causes;
}

/** A spec as if all that may change had not. A volume and a class can be given once. */
function fixedParts(spec: PersistentVolumeClaimSpec, stored: PersistentVolumeClaim): object {
  const { volumeAttributesClassName: _, ...rest } = spec;
  const fixed = { ...rest };
  if (!stored.spec.volumeName) delete fixed.volumeName;
  if (stored.spec.storageClassName === undefined) delete fixed.storageClassName;
  if (stored.status?.phase === 'Bound') {
    fixed.resources = { ...fixed.resources, requests: { ...fixed.resources?.requests, storage: '' } };
  }
  return fixed;
}

function validateDataSource(
  spec: PersistentVolumeClaimSpec,
  path: string,
  part: 'dataSource' | 'dataSourceRef',
): FieldCause[] {
  const source = spec[part];
  if (source === undefined || source.apiGroup || source.kind === 'PersistentVolumeClaim') return [];
  const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
  return [invalidValue(`${path}.${part}`, source.kind, text)];
}
