import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CSIStorageCapacity } from '../../gen/gantry.storage.v1.ts';
import { canonicalJson } from '../../hash.ts';
import type { Kind } from '../../kind.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { immutable, invalidValue, invalidValues, notEnforced } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { dnsSubdomainProblems } from '../../validation/names.ts';

/** storage.k8s.io/v1 CSIStorageCapacity. */
export const csiStorageCapacity: Kind<CSIStorageCapacity> = {
  kind: 'CSIStorageCapacity',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csistoragecapacities',
  singular: 'csistoragecapacity',
  shortNames: [],
  namespaced: true,
  message: 'gantry.storage.v1.CSIStorageCapacity',
  objectField: 'csiStorageCapacity',
  hasStatus: false,
  needsRevision: true,
  setDefaults: () => {},
  validate: validateCapacity,
  validateUpdate: validateCapacityUpdate,
  warnings: () => [notEnforced(csiStorageCapacity, 'pods are placed without it')],
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    // Kubernetes prints nothing of its own for this kind.
    { name: 'CREATED AT', cell: ({ metadata }) => metadata.creationTimestamp ?? '' },
  ],
};

function validateCapacity({ nodeTopology, storageClassName, capacity = '0' }: CSIStorageCapacity): FieldCause[] {
  const isNegative = compareQuantities(parseQuantity(capacity), parseQuantity('0')) < 0;
  return [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...invalidValues('storageClassName', storageClassName, dnsSubdomainProblems(storageClassName)),
    ...(isNegative ? [invalidValue('capacity', capacity, 'must be greater than or equal to 0')] : []),
  ];
}

function validateCapacityUpdate(object: CSIStorageCapacity, stored: CSIStorageCapacity): FieldCause[] {
  return (['nodeTopology', 'storageClassName'] as const)
    .filter((name) => canonicalJson(object[name] ?? null) !== canonicalJson(stored[name] ?? null))
    .map((name) => immutable(name, object[name] ?? null));
}
