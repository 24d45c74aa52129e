import type { Node } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';

/** core/v1 Node. */
export const node: Kind<Node> = {
  kind: 'Node',
  group: '',
  version: 'v1',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  message: 'gantry.core.v1.Node',
  objectField: 'node',
  hasStatus: true,
  setDefaults: () => {},
  validate: () => [],
  selectableFields: {},
  columns: [],
};
