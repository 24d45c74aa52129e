import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { TopologySelectorTerm } from '../../gen/gantry.core.v1.ts';
import type { StorageClass } from '../../gen/gantry.storage.v1.ts';
import {
  duplicate,
  duplicates,
  immutable,
  invalidValue,
  invalidValues,
  oneOf,
  tooLong,
  tooMany,
} from '../../validation/causes.ts';
import { validateLabelKey } from '../../validation/labels.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];
const maxParameters = 512;
const maxParameterBytes = 256 * 1024;

/** Validates a storage class. */
export function validateStorageClass(object: StorageClass): FieldCause[] {
  const { provisioner, parameters = {}, reclaimPolicy, volumeBindingMode, allowedTopologies = [] } = object;
  return [
    ...invalidValues('provisioner', provisioner, qualifiedNameProblems(provisioner.toLowerCase())),
    ...validateParameters(parameters),
    ...oneOf('reclaimPolicy', reclaimPolicy, reclaimPolicies),
    ...oneOf('volumeBindingMode', volumeBindingMode, bindingModes),
    ...validateTopologies(allowedTopologies),
  ];
}

/** Validates the immutable fields of a storage class: volumes were made by them. */
export function validateStorageClassUpdate(object: StorageClass, stored: StorageClass): FieldCause[] {
  const causes = (['parameters', 'provisioner', 'reclaimPolicy'] as const)
    .filter((field) => !isDeepStrictEqual(object[field] ?? {}, stored[field] ?? {}))
    .map((field) => immutable(field, object[field]));
  const { volumeBindingMode } = object;
  return volumeBindingMode === stored.volumeBindingMode
    ? causes
    : [...causes, immutable('volumeBindingMode', volumeBindingMode)];
}

/** Validates the settings of a class for its driver. */
export function validateParameters(parameters: Readonly<Record<string, string>>): FieldCause[] {
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) return [tooMany('parameters', entries.length, maxParameters)];
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...entries.filter(([key]) => key === '').map(([key]) => invalidValue('parameters', key, 'field can not be empty.')),
    ...(bytes > maxParameterBytes ? [tooLong('parameters', maxParameterBytes)] : []),
  ];
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldCause[] {
  return terms.flatMap(({ matchLabelExpressions = [] }, index) => {
    const path = `allowedTopologies[${index}]`;
    const repeated = terms.slice(0, index).some((earlier) => isDeepStrictEqual(earlier, terms[index]));
    return [
      ...matchLabelExpressions.flatMap(({ key, values }, at) => [
        ...validateLabelKey(key, `${path}.matchLabelExpressions[${at}].key`),
        ...duplicates(values, (each) => `${path}.matchLabelExpressions[${at}].values[${each}]`),
      ]),
      ...duplicates(
        matchLabelExpressions.map(({ key }) => key),
        (at) => `${path}.matchLabelExpressions[${at}].key`,
      ),
      ...(repeated ? [duplicate(`${path}.matchLabelExpressions`, '')] : []),
    ];
  });
}
