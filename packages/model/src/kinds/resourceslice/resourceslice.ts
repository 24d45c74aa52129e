import type { ResourceSlice } from '../../gen/gantry.resource.v1.ts';
import type { Kind } from '../../kind.ts';
import { notEnforced } from '../../validation/causes.ts';
import { validateResourceSlice, validateResourceSliceUpdate } from './validation.ts';

/** resource.k8s.io/v1 ResourceSlice. */
export const resourceSlice: Kind<ResourceSlice> = {
  kind: 'ResourceSlice',
  group: 'resource.k8s.io',
  version: 'v1',
  plural: 'resourceslices',
  singular: 'resourceslice',
  shortNames: [],
  namespaced: false,
  message: 'gantry.resource.v1.ResourceSlice',
  objectField: 'resourceSlice',
  hasStatus: false,
  generation: 'spec',
  setDefaults: () => {},
  prepareForCreate: ({ metadata, spec }) => {
    for (const { taints = [] } of spec?.devices ?? []) {
      for (const taint of taints) if (metadata.creationTimestamp) taint.timeAdded ??= metadata.creationTimestamp;
    }
  },
  validate: validateResourceSlice,
  validateUpdate: validateResourceSliceUpdate,
  warnings: () => [notEnforced(resourceSlice, 'its devices are given to no claim')],
  selectableFields: {
    'spec.driver': ({ spec }) => spec?.driver ?? '',
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.pool.name': ({ spec }) => spec?.pool?.name ?? '',
  },
  columns: [
    { name: 'NODE', cell: ({ spec }) => spec?.nodeName ?? '' },
    { name: 'DRIVER', cell: ({ spec }) => spec?.driver ?? '' },
    { name: 'POOL', cell: ({ spec }) => spec?.pool?.name ?? '' },
  ],
};
