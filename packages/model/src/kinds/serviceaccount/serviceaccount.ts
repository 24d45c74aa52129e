import type { ServiceAccount } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

/** core/v1 ServiceAccount. */
export const serviceAccount: Kind<ServiceAccount> = {
  kind: 'ServiceAccount',
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  namespaced: true,
  message: 'gantry.core.v1.ServiceAccount',
  objectField: 'serviceAccount',
  hasStatus: false,
  subresources: {
    token: {
      verbs: ['create'],
      type: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
    },
  },
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [],
};
