import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { VolumeAttributesClass } from '../../gen/gantry.storage.v1.ts';
import type { Kind } from '../../kind.ts';
import { forbidden, invalidValues, notEnforced, required } from '../../validation/causes.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';
import { validateParameters } from '../storageclass/validation.ts';

/** storage.k8s.io/v1 VolumeAttributesClass. */
export const volumeAttributesClass: Kind<VolumeAttributesClass> = {
  kind: 'VolumeAttributesClass',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  namespaced: false,
  message: 'gantry.storage.v1.VolumeAttributesClass',
  objectField: 'volumeAttributesClass',
  hasStatus: false,
  setDefaults: () => {},
  validate: validateClass,
  validateUpdate: (object, stored) =>
    (['driverName', 'parameters'] as const)
      .filter((name) => !isDeepStrictEqual(object[name], stored[name]))
      .map((name) => forbidden(name, `updates to ${name} are forbidden.`)),
  warnings: () => [notEnforced(volumeAttributesClass, 'no volume gets its attributes')],
  selectableFields: {},
  columns: [{ name: 'DRIVERNAME', cell: ({ driverName }) => driverName }],
};

function validateClass({ driverName, parameters = {} }: VolumeAttributesClass): FieldCause[] {
  const isEmpty = Object.keys(parameters).length === 0;
  return [
    ...invalidValues('driverName', driverName, qualifiedNameProblems(driverName.toLowerCase())),
    ...validateParameters(parameters),
    ...(isEmpty ? [required('parameters', 'must contain at least one key/value pair')] : []),
  ];
}
