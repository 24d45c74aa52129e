import type { ReplicaSet } from '../../gen/gantry.apps.v1.ts';
import type { Kind } from '../../kind.ts';
import { podWarnings } from '../pod/warnings.ts';
import { scaleOfReplicas } from '../scale.ts';
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
  categories: ['all'],
  subresources: { scale: scaleOfReplicas },
  generation: 'spec',
  setDefaults: setReplicaSetDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  validateStatus: validateReplicaSetStatus,
  warnings: ({ spec: { template } }) =>
    template === undefined ? [] : podWarnings(template.metadata, template.spec, 'spec.template.'),
  selectableFields: {},
  columns: replicaSetColumns,
};
