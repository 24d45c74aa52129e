import type { ClusterRoleBinding } from '../../gen/gantry.rbac.v1.ts';
import type { Kind } from '../../kind.ts';
import { bindingColumns, setBindingDefaults, validateBinding, validateBindingUpdate } from '../rbac/bindings.ts';
import { pathSegmentProblems, rbacGroup } from '../rbac/group.ts';

/** rbac.authorization.k8s.io/v1 ClusterRoleBinding. */
export const clusterRoleBinding: Kind<ClusterRoleBinding> = {
  kind: 'ClusterRoleBinding',
  group: rbacGroup,
  version: 'v1',
  plural: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  shortNames: [],
  namespaced: false,
  message: 'gantry.rbac.v1.ClusterRoleBinding',
  objectField: 'clusterRoleBinding',
  hasStatus: false,
  nameProblems: pathSegmentProblems,
  setDefaults: setBindingDefaults,
  validate: (object) => validateBinding(object, ['ClusterRole'], false),
  validateUpdate: validateBindingUpdate,
  selectableFields: {},
  columns: bindingColumns,
};
