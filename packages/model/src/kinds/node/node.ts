import type { Node } from '../../gen/gantry.core.v1.ts';
import type { Kind } from '../../kind.ts';
import { nodeColumns } from './columns.ts';
import { validateNode, validateNodeStatus, validateNodeUpdate } from './validation.ts';

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
  subresources: {
    proxy: {
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      type: { group: '', version: 'v1', kind: 'NodeProxyOptions' },
    },
  },
  setDefaults: ({ spec, status }) => {
    if (spec?.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
    if (status?.capacity !== undefined) status.allocatable ??= { ...status.capacity };
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatus: validateNodeStatus,
  selectableFields: {
    'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false),
  },
  columns: nodeColumns,
  listsAllColumns: true,
};
