import type { ConfigMap } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateConfigMap, validateConfigMapUpdate } from './validation.ts';

/** core/v1 ConfigMap. */
export const configMap: Kind<ConfigMap> = {
  kind: 'ConfigMap',
  group: '',
  version: 'v1',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  message: 'gantry.core.v1.ConfigMap',
  objectField: 'configMap',
  hasStatus: false,
  setDefaults: () => {},
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  selectableFields: {},
  columns: [
    {
      name: 'DATA',
      cell: ({ data = {}, binaryData = {} }) => String(Object.keys(data).length + Object.keys(binaryData).length),
    },
  ],
};
