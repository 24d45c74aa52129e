import type { StatefulSet } from '../../gen/gantry.apps.v1.ts';
import type { Kind } from '../../kind.ts';
import { dnsLabelProblems } from '../../validation/names.ts';
import { templateColumns } from '../replicaset/columns.ts';
import { scaleOfReplicas } from '../scale.ts';
import { setStatefulSetDefaults } from './defaults.ts';
import { validateStatefulSetStatus } from './status.ts';
import { validateNewStatefulSet, validateStatefulSet, validateStatefulSetUpdate } from './validation.ts';

const endlessHistory =
  'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';

/** apps/v1 StatefulSet. */
export const statefulSet: Kind<StatefulSet> = {
  kind: 'StatefulSet',
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.apps.v1.StatefulSet',
  objectField: 'statefulSet',
  hasStatus: true,
  subresources: { scale: scaleOfReplicas },
  generation: 'spec',
  nameProblems: dnsLabelProblems,
  setDefaults: setStatefulSetDefaults,
  prepareForCreate: (object) => {
    delete object.status;
  },
  validate: validateStatefulSet,
  validateCreate: validateNewStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatus: validateStatefulSetStatus,
  warnings: ({ spec }) => ((spec.revisionHistoryLimit ?? 0) < 0 ? [endlessHistory] : []),
  selectableFields: {},
  columns: [
    { name: 'READY', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}` },
    ...templateColumns<StatefulSet>().filter(({ name }) => name !== 'SELECTOR'),
  ],
};
