import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { Kind } from '../../kind.ts';
import { replicaSetColumns } from './columns.ts';
import { setReplicaSetDefaults } from './defaults.ts';
import { validateReplicaSet, validateReplicaSetStatus, validateReplicaSetUpdate } from './validation.ts';

/** apps/v1 ReplicaSet. */
export const replicaSet: Kind<ReplicaSet> = {
  kind: 'ReplicaSet',
  group: 'apps',
  version: 'v1',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  namespaced: true,
  message: 'gantry.apps.v1.ReplicaSet',
  objectField: 'replicaSet',
  hasStatus: true,
  generation: 'spec',
  setDefaults: setReplicaSetDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatus: validateReplicaSetStatus,
  selectableFields: {},
  columns: replicaSetColumns,
};
