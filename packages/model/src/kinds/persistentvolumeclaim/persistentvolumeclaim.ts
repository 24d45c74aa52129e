import { formatAge } from '../../age.ts';
import type { PersistentVolumeClaim } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { formatAccessModes } from '../persistentvolume/modes.ts';
import { validateClaim, validateClaimUpdate } from './validation.ts';

/** core/v1 PersistentVolumeClaim. */
export const persistentVolumeClaim: Kind<PersistentVolumeClaim> = {
  kind: 'PersistentVolumeClaim',
  group: '',
  version: 'v1',
  plural: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  namespaced: true,
  message: 'gantry.core.v1.PersistentVolumeClaim',
  objectField: 'persistentVolumeClaim',
  hasStatus: true,
  setDefaults: ({ spec }) => {
    spec.volumeMode ??= 'Filesystem';
  },
  prepareForCreate: (claim) => {
    claim.status = { phase: 'Pending' };
  },
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    {
      name: 'STATUS',
      cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    },
    { name: 'VOLUME', cell: ({ spec }) => spec.volumeName ?? '' },
    { name: 'CAPACITY', cell: ({ spec, status }) => (spec.volumeName ? (status?.capacity?.storage ?? '') : '') },
    {
      name: 'ACCESS MODES',
      cell: ({ spec, status }) => (spec.volumeName ? formatAccessModes(status?.accessModes) : ''),
    },
    { name: 'STORAGECLASS', cell: ({ spec }) => spec.storageClassName ?? '' },
    { name: 'VOLUMEATTRIBUTESCLASS', cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>' },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    { name: 'VOLUMEMODE', wide: true, cell: ({ spec }) => spec.volumeMode ?? '<unset>' },
  ],
};
