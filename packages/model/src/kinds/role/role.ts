import type { Role } from '../../gen/gantry.rbac.v1.ts';
import type { Kind } from '../../kind.ts';
import { createdColumns } from '../rbac/columns.ts';
import { pathSegmentProblems, rbacGroup } from '../rbac/group.ts';
import { validateRules } from '../rbac/rules.ts';

/** rbac.authorization.k8s.io/v1 Role. */
export const role: Kind<Role> = {
  kind: 'Role',
  group: rbacGroup,
  version: 'v1',
  plural: 'roles',
  singular: 'role',
  shortNames: [],
  namespaced: true,
  message: 'gantry.rbac.v1.Role',
  objectField: 'role',
  hasStatus: false,
  nameProblems: pathSegmentProblems,
  setDefaults: () => {},
  validate: ({ rules = [] }) => validateRules(rules, true),
  selectableFields: {},
  listsAllColumns: true,
  columns: createdColumns,
};
