import type { Namespace } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

/** core/v1 Namespace. */
export const namespace: Kind<Namespace> = {
  kind: 'Namespace',
  group: '',
  version: 'v1',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  message: 'gantry.core.v1.Namespace',
  objectField: 'namespace',
  hasStatus: true,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [],
};
