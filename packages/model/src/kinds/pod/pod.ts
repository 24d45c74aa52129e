import type { Pod } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

/** core/v1 Pod. */
export const pod: Kind<Pod> = {
  kind: 'Pod',
  group: '',
  version: 'v1',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  message: 'gantry.core.v1.Pod',
  objectField: 'pod',
  hasStatus: true,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'status.phase': ({ status }) => status?.phase ?? '',
  },
  columns: [],
};
