/** Requests that webhooks and policies are about: operations, resources, labels and conditions. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../gen/gantry.admissionregistration.v1.ts';
import {
  duplicates,
  invalidValue,
  invalidValues,
  notSupported,
  oneOf,
  required,
  tooMany,
} from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { pathSegmentProblems, qualifiedNameProblems } from '../../validation/names.ts';

/** Values of failurePolicy, of matchPolicy and of reinvocationPolicy. */
export const failurePolicies = ['Fail', 'Ignore'];
export const matchPolicies = ['Equivalent', 'Exact'];
export const reinvocationPolicies = ['IfNeeded', 'Never'];
const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const maxConditions = 64;

/** Sets the defaults of rules, in place. */
export function setRuleDefaults(rules: readonly RuleWithOperations[] = []): void {
  for (const rule of rules) rule.scope ??= '*';
}

/** Sets the defaults of a choice of requests, in place. */
export function setMatchDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  setRuleDefaults(match.resourceRules);
  setRuleDefaults(match.excludeResourceRules);
}

/** Validates rules. */
export function validateRules(rules: readonly RuleWithOperations[] = [], path: string): FieldCause[] {
  return rules.flatMap((rule, index) => validateRule(rule, `${path}[${index}]`));
}

/** Validates a choice of requests; an absent one is right. */
export function validateMatchResources(match: MatchResources | undefined, path: string): FieldCause[] {
  if (match === undefined) return [];
  return [
    ...oneOf(`${path}.matchPolicy`, match.matchPolicy, matchPolicies),
    ...validateLabelSelector(match.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(match.objectSelector, `${path}.objectSelector`),
    ...validateNamedRules(match.resourceRules, `${path}.resourceRules`),
    ...validateNamedRules(match.excludeResourceRules, `${path}.excludeResourceRules`),
  ];
}

/** The operations of a mutating policy: there is nothing to change in a deletion. */
export function validateMutatingOperations(match: MatchResources | undefined, path: string): FieldCause[] {
  return (match?.resourceRules ?? [])
    .flatMap(({ operations = [] }) => operations)
    .flatMap((operation) => oneOf(`${path}.resourceRules.operations`, operation, mutatingOperations));
}

/** Validates match conditions. Expressions are not compiled. */
export function validateMatchConditions(conditions: readonly MatchCondition[] = [], path: string): FieldCause[] {
  return [
    ...(conditions.length > maxConditions ? [tooMany(path, conditions.length, maxConditions)] : []),
    ...conditions.flatMap(({ name, expression }, index) => [
      ...(expression.trim() === '' ? [required(`${path}[${index}].expression`)] : []),
      ...(name === '' ? [] : invalidValues(`${path}[${index}].name`, name, qualifiedNameProblems(name))),
    ]),
    ...duplicates(
      conditions.map(({ name }) => name),
      (index) => `${path}[${index}].name`,
    ),
  ];
}

function validateNamedRules(rules: readonly NamedRuleWithOperations[] = [], path: string): FieldCause[] {
  return rules.flatMap((rule, index) => {
    const { resourceNames = [] } = rule;
    const field = (i: number): string => `${path}[${index}].resourceNames[${i}]`;
    return [
      ...resourceNames.flatMap((name, i) => invalidValues(field(i), name, pathSegmentProblems(name))),
      ...duplicates(resourceNames, field),
      ...validateRule(rule, `${path}[${index}]`),
    ];
  });
}

function validateRule(rule: RuleWithOperations, path: string): FieldCause[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  return [
    ...validateList(operations, `${path}.operations`, 'operations'),
    ...operations.flatMap((operation, index) => oneOf(`${path}.operations[${index}]`, operation, operationNames)),
    ...validateList(apiGroups, `${path}.apiGroups`, 'API groups'),
    ...validateList(apiVersions, `${path}.apiVersions`, 'API versions'),
    ...apiVersions.flatMap((version, index) => (version === '' ? [required(`${path}.apiVersions[${index}]`)] : [])),
    ...validateResources(resources, `${path}.resources`),
    ...(scope === undefined || scopes.includes(scope) ? [] : [notSupported(`${path}.scope`, scope, scopes)]),
  ];
}

/** A list that has entries; a wildcard stands alone. */
function validateList(list: readonly string[], field: string, others: string): FieldCause[] {
  if (list.length === 0) return [required(field)];
  const isMixed = list.length > 1 && list.includes('*');
  return isMixed ? [invalidValue(field, list, `if '*' is present, must not specify other ${others}`)] : [];
}

/** Resources; a wildcard stands in place of all that it covers, so that none of these may come after it. */
function validateResources(resources: readonly string[], field: string): FieldCause[] {
  if (resources.length === 0) return [required(field)];
  const causes: FieldCause[] = [];
  const wide = new Set<string>();
  for (const [index, name] of resources.entries()) {
    if (name === '') causes.push(required(`${field}[${index}]`));
    const slash = name.indexOf('/');
    if (slash < 0) continue;
    const covering = [`${name.slice(0, slash)}/*`, `*/${name.slice(slash + 1)}`].filter((each) => wide.has(each));
    for (const each of covering) {
      causes.push(invalidValue(`${field}[${index}]`, name, `if '${each}' is present, must not specify ${name}`));
    }
    if (name.startsWith('*/') || name.endsWith('/*')) wide.add(name);
  }
  if (resources.length > 1 && wide.has('*/*')) {
    causes.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && resources.findLast((name) => name !== '' && !name.includes('/')) !== '*') {
    const text = "if '*' is present, must not specify other resources without subresources";
    causes.push(invalidValue(field, resources, text));
  }
  return causes;
}
