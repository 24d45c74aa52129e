import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ClusterRole } from '../../gen/gantry.rbac.v1.ts';
import type { Kind } from '../../kind.ts';
import { invalidValue, required } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { createdColumns } from '../rbac/columns.ts';
import { pathSegmentProblems, rbacGroup } from '../rbac/group.ts';
import { validateRules } from '../rbac/rules.ts';

/** rbac.authorization.k8s.io/v1 ClusterRole. */
export const clusterRole: Kind<ClusterRole> = {
  kind: 'ClusterRole',
  group: rbacGroup,
  version: 'v1',
  plural: 'clusterroles',
  singular: 'clusterrole',
  shortNames: [],
  namespaced: false,
  message: 'gantry.rbac.v1.ClusterRole',
  objectField: 'clusterRole',
  hasStatus: false,
  nameProblems: pathSegmentProblems,
  setDefaults: () => {},
  validate: (object) => [...validateRules(object.rules ?? [], false), ...validateAggregation(object)],
  selectableFields: {},
  listsAllColumns: true,
  columns: createdColumns,
};

function validateAggregation({ aggregationRule }: ClusterRole): FieldCause[] {
  if (aggregationRule === undefined) return [];
  const { clusterRoleSelectors = [] } = aggregationRule;
  const field = 'aggregationRule.clusterRoleSelectors';
  if (clusterRoleSelectors.length === 0) {
    return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return clusterRoleSelectors.flatMap((selector, index) => {
    const causes = validateLabelSelector(selector, `${field}[${index}]`);
    if (causes.length > 0) causes.push(invalidValue(`${field}[${index}]`, null, 'invalid label selector.'));
    return causes;
  });
}
