import { isDeepStrictEqual } from 'node:util';
import type { ResourceClaim } from '../../gen/gantry.resource.v1.ts';
import { type Kind, usersMetadata } from '../../kind.ts';
import { immutable, notEnforced } from '../../validation/causes.ts';
import { setClaimDefaults, validateClaimSpec } from '../devices/claims.ts';
import { validateClaimStatus } from './status.ts';

/** resource.k8s.io/v1 ResourceClaim. */
export const resourceClaim: Kind<ResourceClaim> = {
  kind: 'ResourceClaim',
  group: 'resource.k8s.io',
  version: 'v1',
  plural: 'resourceclaims',
  singular: 'resourceclaim',
  shortNames: [],
  namespaced: true,
  message: 'gantry.resource.v1.ResourceClaim',
  objectField: 'resourceClaim',
  hasStatus: true,
  statusKeeps: usersMetadata,
  setDefaults: ({ spec }) => setClaimDefaults(spec),
  prepareForCreate: (object) => {
    object.status = {};
  },
  validate: ({ spec }) => validateClaimSpec(spec, 'spec'),
  validateUpdate: ({ spec }, stored) => (isDeepStrictEqual(spec, stored.spec) ? [] : [immutable('spec', spec)]),
  validateStatus: validateClaimStatus,
  warnings: () => [notEnforced(resourceClaim, 'no devices are given to it')],
  selectableFields: {},
  columns: [{ name: 'STATE', cell: formatState }],
};

function formatState({ metadata, status = {} }: ResourceClaim): string {
  const isEnding = metadata.deletionTimestamp !== undefined;
  const words = isEnding ? ['deleted'] : [];
  if (status.allocation === undefined) return [...words, ...(isEnding ? [] : ['pending'])].join(',');
  return [...words, 'allocated', ...((status.reservedFor ?? []).length > 0 ? ['reserved'] : [])].join(',');
}
