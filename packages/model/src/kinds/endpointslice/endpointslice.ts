import type { EndpointSlice } from '../../gen/gantry.discovery.v1.ts';
import type { Kind } from '../../kind.ts';
import { endpointSliceColumns } from './columns.ts';
import { validateEndpointSlice, validateEndpointSliceUpdate } from './validation.ts';

/** discovery.k8s.io/v1 EndpointSlice. */
export const endpointSlice: Kind<EndpointSlice> = {
  kind: 'EndpointSlice',
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  singular: 'endpointslice',
  shortNames: [],
  namespaced: true,
  message: 'gantry.discovery.v1.EndpointSlice',
  objectField: 'endpointSlice',
  hasStatus: false,
  generation: 'spec and labels',
  setDefaults: ({ ports = [] }) => {
    for (const port of ports) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: validateEndpointSlice,
  validateUpdate: validateEndpointSliceUpdate,
  selectableFields: {},
  columns: endpointSliceColumns,
};
