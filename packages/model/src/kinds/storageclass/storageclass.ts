import { formatAge } from '../../age.ts';
import type { StorageClass } from '../../gen/gantry.storage.v1.ts';
import type { Kind } from '../../kind.ts';
import { isDefaultClass } from './default.ts';
import { validateStorageClass, validateStorageClassUpdate } from './validation.ts';

/** storage.k8s.io/v1 StorageClass. */
export const storageClass: Kind<StorageClass> = {
  kind: 'StorageClass',
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  namespaced: false,
  message: 'gantry.storage.v1.StorageClass',
  objectField: 'storageClass',
  hasStatus: false,
  setDefaults: (object) => {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  selectableFields: {},
  listsAllColumns: true,
  columns: [
    { name: 'NAME', cell: (object) => `${object.metadata.name}${isDefaultClass(object) ? ' (default)' : ''}` },
    { name: 'PROVISIONER', cell: ({ provisioner }) => provisioner },
    { name: 'RECLAIMPOLICY', cell: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    { name: 'VOLUMEBINDINGMODE', cell: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate' },
    { name: 'ALLOWVOLUMEEXPANSION', cell: ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false) },
    { name: 'AGE', cell: ({ metadata }, nowMs) => formatAge(metadata.creationTimestamp, nowMs) },
  ],
};
