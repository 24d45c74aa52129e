import type { Service } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { serviceColumns } from './columns.ts';
import { setServiceDefaults } from './defaults.ts';
import { validateService, validateServiceStatus, validateServiceUpdate } from './validation.ts';

/** core/v1 Service. */
export const service: Kind<Service> = {
  kind: 'Service',
  group: '',
  version: 'v1',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  namespaced: true,
  message: 'gantry.core.v1.Service',
  objectField: 'service',
  hasStatus: true,
  categories: ['all'],
  subresources: {
    proxy: {
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      type: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
    },
  },
  prepareForCreate: (service) => {
    delete service.status;
  },
  setDefaults: setServiceDefaults,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatus: validateServiceStatus,
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
  columns: serviceColumns,
};
