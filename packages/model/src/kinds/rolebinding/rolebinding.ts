import type { RoleBinding } from '../../gen/gantry.rbac.v1.ts';
import type { Kind } from '../../kind.ts';
import { bindingColumns, setBindingDefaults, validateBinding, validateBindingUpdate } from '../rbac/bindings.ts';
import { pathSegmentProblems, rbacGroup } from '../rbac/group.ts';

/** rbac.authorization.k8s.io/v1 RoleBinding. */
export const roleBinding: Kind<RoleBinding> = {
  kind: 'RoleBinding',
  group: rbacGroup,
  version: 'v1',
  plural: 'rolebindings',
  singular: 'rolebinding',
  shortNames: [],
  namespaced: true,
  message: 'gantry.rbac.v1.RoleBinding',
  objectField: 'roleBinding',
  hasStatus: false,
  nameProblems: pathSegmentProblems,
  setDefaults: setBindingDefaults,
  validate: (object) => validateBinding(object, ['Role', 'ClusterRole'], true),
  validateUpdate: validateBindingUpdate,
  selectableFields: {},
  columns: bindingColumns,
};
