import type { Lease } from '../../gen/gantry.coordination.v1.ts';
import type { Kind } from '../../kind.ts';
import { validateLease } from './validation.ts';

/** coordination.k8s.io/v1 Lease. */
export const lease: Kind<Lease> = {
  kind: 'Lease',
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  singular: 'lease',
  shortNames: [],
  namespaced: true,
  message: 'gantry.coordination.v1.Lease',
  objectField: 'lease',
  hasStatus: false,
  setDefaults: () => {},
  validate: validateLease,
  selectableFields: {},
  columns: [{ name: 'HOLDER', cell: ({ spec }) => spec?.holderIdentity ?? '' }],
};
