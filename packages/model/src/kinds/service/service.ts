import type { Service } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

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
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [],
};
