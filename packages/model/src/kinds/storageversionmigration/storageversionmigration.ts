import { isDeepStrictEqual } from 'node:util';
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { StorageVersionMigration } from '../../gen/gantry.storagemigration.v1.ts';
import type { Kind } from '../../kind.ts';
import { immutable, invalidValue, invalidValues, required } from '../../validation/causes.ts';
import { validateConditions } from '../../validation/conditions.ts';
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../validation/names.ts';

/** storagemigration.k8s.io/v1 StorageVersionMigration. */
export const storageVersionMigration: Kind<StorageVersionMigration> = {
  kind: 'StorageVersionMigration',
  group: 'storagemigration.k8s.io',
  version: 'v1',
  plural: 'storageversionmigrations',
  singular: 'storageversionmigration',
  shortNames: [],
  namespaced: false,
  message: 'gantry.storagemigration.v1.StorageVersionMigration',
  objectField: 'storageVersionMigration',
  hasStatus: true,
  setDefaults: () => {},
  validate: validateMigration,
  validateUpdate: ({ spec }, { spec: stored }) =>
    isDeepStrictEqual(spec, stored) ? [] : [immutable('spec', spec ?? null)],
  validateStatus: validateMigrationStatus,
  selectableFields: {},
  columns: [
    { name: 'RESOURCE', cell: ({ spec }) => resourceText(spec?.resource) },
    { name: 'STATUS', cell: statusText },
  ],
};

type Condition = 'Running' | 'Succeeded' | 'Failed';

/** True where a migration has a condition that holds. */
export function isMigration({ status }: StorageVersionMigration, type: Condition): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

function resourceText({ group = '', resource = '' }: { group?: string; resource?: string } = {}): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function statusText({ status }: StorageVersionMigration): string {
  const types: readonly string[] = ['Running', 'Succeeded', 'Failed'];
  const true_ = (status?.conditions ?? []).filter((each) => each.status === 'True' && types.includes(each.type ?? ''));
  return true_.at(-1)?.type ?? 'Unknown';
}

function validateMigration({ spec }: StorageVersionMigration): FieldCause[] {
  const { group = '', resource = '' } = spec?.resource ?? {};
  return [
    ...(resource === ''
      ? [required('spec.resource.resource', 'resource is required to be set')]
      : invalidValues('spec.resource.resource', resource, dns1035LabelProblems(resource))),
    ...(group === '' ? [] : invalidValues('spec.resource.group', group, dnsSubdomainProblems(group))),
  ];
}

/** A migration ends once, and has one beginning. */
function validateMigrationStatus(migration: StorageVersionMigration, stored: StorageVersionMigration): FieldCause[] {
  const { conditions = [], resourceVersion = '' } = migration.status ?? {};
  const before = stored.status?.resourceVersion ?? '';
  const lost = (type: Condition): boolean => isMigration(stored, type) && !isMigration(migration, type);
  const problem = (detail: string): FieldCause => invalidValue('status.conditions', conditions, detail);
  return [
    ...validateConditions(conditions, 'status.conditions'),
    ...(before !== '' && before !== resourceVersion
      ? [invalidValue('status.resourceVersion', resourceVersion, 'field is immutable')]
      : []),
    ...(isMigration(migration, 'Succeeded') && isMigration(migration, 'Failed')
      ? [problem('Both success and failed conditions cannot be true at the same time')]
      : []),
    ...(lost('Succeeded') ? [problem('Success condition cannot be set to false once it is true')] : []),
    ...(lost('Failed') ? [problem('Failed condition cannot be set to false once it is true')] : []),
  ];
}
