import { formatAge } from '../../age.ts';
import type { ResourceQuota } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateQuota, validateQuotaStatus, validateQuotaUpdate } from './validation.ts';

/** core/v1 ResourceQuota. */
export const resourceQuota: Kind<ResourceQuota> = {
  kind: 'ResourceQuota',
  group: '',
  version: 'v1',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  namespaced: true,
  message: 'gantry.core.v1.ResourceQuota',
  objectField: 'resourceQuota',
  hasStatus: true,
  setDefaults: () => {},
  prepareForCreate: (object) => {
    object.status = {};
  },
  validate: validateQuota,
  validateUpdate: validateQuotaUpdate,
  validateStatus: validateQuotaStatus,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'REQUEST', cell: (quota) => formatUse(quota, false) },
    { name: 'LIMIT', cell: (quota) => formatUse(quota, true) },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};

/** The used part of each bound, of limits or of all else, in order of name: `cpu: 1/4, pods: 2/10`. */
function formatUse({ status }: ResourceQuota, isLimit: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === isLimit)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}
