import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { CSINode, CSINodeDriver } from '../../gen/gantry.storage.v1.ts';
import { canonicalJson } from '../../hash.ts';
import type { Kind } from '../../kind.ts';
import {
  duplicate,
  duplicates,
  immutable,
  invalidValue,
  invalidValues,
  nonNegative,
  notEnforced,
  required,
} from '../../validation/causes.ts';
import { qualifiedNameProblems } from '../../validation/names.ts';
import { validateDriverName } from '../csidriver/names.ts';

const maxNodeIdChars = 256;

/** storage.k8s.io/v1 CSINode. */
export const csiNode: Kind<CSINode> = {
  kind: 'CSINode',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'csinodes',
  singular: 'csinode',
  shortNames: [],
  namespaced: false,
  message: 'gantry.storage.v1.CSINode',
  objectField: 'csiNode',
  hasStatus: true,
  needsRevision: true,
  setDefaults: () => {},
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateCsiNode,
  validateUpdate: validateCsiNodeUpdate,
  warnings: () => [notEnforced(csiNode, 'pods are placed without it')],
  selectableFields: {},
  columns: [{ name: 'DRIVERS', cell: ({ spec }) => String(spec.drivers?.length ?? 0) }],
};

function validateCsiNode({ spec }: CSINode): FieldCause[] {
  const { drivers = [] } = spec;
  return [
    ...drivers.flatMap((driver, index) => validateDriver(driver, `spec.drivers[${index}]`)),
    ...duplicates(
      drivers.map(({ name }) => name),
      (index) => `spec.drivers[${index}].name`,
    ),
  ];
}

function validateDriver({ name, nodeID, allocatable, topologyKeys = [] }: CSINodeDriver, path: string): FieldCause[] {
  const seen = new Set<string>();
  const causes = validateDriverName(name, `${path}.name`);
  if (nodeID.length > maxNodeIdChars) {
    causes.push(invalidValue(`${path}.nodeID`, nodeID, `must be ${maxNodeIdChars} characters or less`));
  }
  causes.push(...nonNegative(`${path}.allocatable.count`, allocatable?.count));
  for (const key of topologyKeys) {
    if (key === '') causes.push(required(path));
    if (seen.size === seen.add(key).size) causes.push(duplicate(path, key));
    causes.push(...invalidValues(path, key, qualifiedNameProblems(key)));
  }
  return causes;
}

/** A driver of a node stays as it is, but for the room that it has; it may go, and others may come. */
function validateCsiNodeUpdate({ spec }: CSINode, { spec: stored }: CSINode): FieldCause[] {
  const fixed = ({ allocatable: _, ...driver }: CSINodeDriver): string => canonicalJson(driver);
  return (stored.drivers ?? []).flatMap((before) =>
    (spec.drivers ?? [])
      .filter((driver) => driver.name === before.name && fixed(driver) !== fixed(before))
      .map((driver) => immutable('spec.drivers', driver)),
  );
}
