import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { PolicyRule } from '../../gen/gantry.rbac.v1.ts';
import { invalidValue, required } from '../../validation/causes.ts';

/** Validates the rules of a role. @param isNamespaced Of a Role, which cannot grant paths. */
export function validateRules(rules: readonly PolicyRule[], isNamespaced: boolean): FieldCause[] {
  return rules.flatMap((rule, index) => validateRule(rule, isNamespaced, `rules[${index}]`));
}

function validateRule(rule: PolicyRule, isNamespaced: boolean, field: string): FieldCause[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const causes: FieldCause[] = [];
  if (verbs.length === 0) causes.push(required(`${field}.verbs`, 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const invalid = (problem: string): FieldCause => invalidValue(`${field}.nonResourceURLs`, nonResourceURLs, problem);
    if (isNamespaced) causes.push(invalid('namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      causes.push(invalid('rules cannot apply to both regular resources and non-resource URLs'));
    }
    return causes;
  }
  if (apiGroups.length === 0) {
    causes.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    causes.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return causes;
}
