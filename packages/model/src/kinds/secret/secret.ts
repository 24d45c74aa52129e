import type { Secret } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

/** core/v1 Secret. */
export const secret: Kind<Secret> = {
  kind: 'Secret',
  group: '',
  version: 'v1',
  plural: 'secrets',
  singular: 'secret',
  shortNames: [],
  namespaced: true,
  message: 'gantry.core.v1.Secret',
  objectField: 'secret',
  hasStatus: false,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [],
};
