import { formatAge } from '../../age.ts';
import type { PersistentVolume } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { setNetworkDefaults } from '../pod/volumes/defaults.ts';
import { formatAccessModes } from './modes.ts';
import { validateVolume, validateVolumeUpdate } from './validation.ts';

/** core/v1 PersistentVolume. */
export const persistentVolume: Kind<PersistentVolume> = {
  kind: 'PersistentVolume',
  group: '',
  version: 'v1',
  plural: 'persistentvolumes',
  singular: 'persistentvolume',
  shortNames: ['pv'],
  namespaced: false,
  message: 'gantry.core.v1.PersistentVolume',
  objectField: 'persistentVolume',
  hasStatus: true,
  setDefaults: ({ spec }) => {
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
    setNetworkDefaults(spec);
  },
  prepareForCreate: (volume) => {
    volume.status = { phase: 'Pending' };
  },
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: ({ metadata }) => metadata.name },
    { name: 'CAPACITY', cell: ({ spec }) => spec.capacity?.storage ?? '' },
    { name: 'ACCESS MODES', cell: ({ spec }) => formatAccessModes(spec.accessModes) },
    { name: 'RECLAIM POLICY', cell: ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '' },
    {
      name: 'STATUS',
      cell: ({ metadata, status }) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    },
    {
      name: 'CLAIM',
      cell: ({ spec: { claimRef } }) => (claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : ''),
    },
    { name: 'STORAGECLASS', cell: ({ spec }) => spec.storageClassName ?? '' },
    { name: 'VOLUMEATTRIBUTESCLASS', cell: ({ spec }) => spec.volumeAttributesClassName ?? '<unset>' },
    { name: 'REASON', cell: ({ status }) => status?.reason ?? '' },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
    { name: 'VOLUMEMODE', wide: true, cell: ({ spec }) => spec.volumeMode ?? '<unset>' },
  ],
};
