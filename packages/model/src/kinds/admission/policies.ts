/** Policies of admission, and their bindings: what the validating and the mutating ones have in common. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type { ParamKind, ParamRef, Variable } from '../../gen/gantry.admissionregistration.v1.ts';
import type { LabelSelector } from '../../gen/gantry.meta.v1.ts';
import { forbidden, invalidValue, invalidValues, oneOf, required } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/labels.ts';
import { dns1035LabelProblems, dnsSubdomainProblems, pathSegmentProblems } from '../../validation/names.ts';

/** Words of CEL that name nothing. */
const reservedWords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Validates the kind of parameters; an absent one is right. */
export function validateParamKind(paramKind: ParamKind | undefined, path: string): FieldCause[] {
  if (paramKind === undefined) return [];
  const { apiVersion = '', kind = '' } = paramKind;
  const problems = dns1035LabelProblems(kind.toLowerCase());
  const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
  return [
    ...validateApiVersion(apiVersion, `${path}.apiVersion`),
    ...(kind === '' ? [required(`${path}.kind`)] : []),
    ...(kind !== '' && problems.length > 0 ? [invalidValue(`${path}.kind`, kind, text)] : []),
  ];
}

function validateApiVersion(apiVersion: string, field: string): FieldCause[] {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group, version] = parts.length === 1 ? ['', parts[0]!] : [parts[0]!, parts[1]!];
  const groupProblems = group === '' ? [] : dnsSubdomainProblems(group);
  const versionProblems = version === '' ? ['version must be specified'] : dns1035LabelProblems(version);
  return [
    ...(groupProblems.length > 0 ? [invalidValue(field, group, groupProblems.join(','))] : []),
    ...(versionProblems.length > 0 ? [invalidValue(field, version || apiVersion, versionProblems.join(','))] : []),
  ];
}

/** Validates variables. Expressions are not compiled. */
export function validateVariables(variables: readonly Variable[] = [], path: string): FieldCause[] {
  return variables.flatMap(({ name, expression }, index) => {
    const field = `${path}[${index}]`;
    const isIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reservedWords.has(name);
    return [
      ...(name.trim() === '' ? [required(`${field}.name`, 'name is not specified')] : []),
      ...(name.trim() === '' || isIdentifier
        ? []
        : [invalidValue(`${field}.name`, name, 'must be a valid CEL identifier')]),
      ...validateExpression(expression, `${field}.expression`, 'expression is not specified'),
    ];
  });
}

/** An expression that is there. It is not compiled. */
export function validateExpression(expression: string, field: string, missing?: string): FieldCause[] {
  return expression.trim() === '' ? [required(field, missing)] : [];
}

/** Validates a binding's reference to its policy, and that to its parameters. */
export function validateReferences(policyName: string, paramRef: ParamRef | undefined): FieldCause[] {
  return [
    ...(policyName === '' ? [] : invalidValues('spec.policyName', policyName, dnsSubdomainProblems(policyName))),
    ...(paramRef === undefined ? [] : validateParamRef(paramRef, 'spec.paramRef')),
  ];
}

function validateParamRef({ name = '', selector, parameterNotFoundAction }: ParamRef, path: string): FieldCause[] {
  const isBoth = name !== '' && selector !== undefined;
  const exclusive = 'name and selector are mutually exclusive';
  return [
    ...invalidValues(`${path}.name`, name, pathSegmentProblems(name)),
    ...(isBoth ? [forbidden(`${path}.name`, exclusive)] : []),
    ...validateLabelSelector(selector, `${path}.selector`),
    ...(isBoth ? [forbidden(`${path}.selector`, exclusive)] : []),
    ...(name === '' && selector === undefined ? [required(path, 'one of name or selector must be specified')] : []),
    ...oneOf(`${path}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow']),
  ];
}

/** The kind of parameters as `get` prints it. */
export function formatParamKind(paramKind: ParamKind | undefined): string {
  return paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`;
}

/** The reference to parameters as `get` prints it: a selector in the form of Go's types, as Kubernetes does. */
export function formatParamRef(paramRef: ParamRef | undefined): string {
  if (paramRef?.name) return `${paramRef.namespace || '*'}/${paramRef.name}`;
  return paramRef?.selector === undefined ? '<unset>' : formatSelector(paramRef.selector);
}

function formatSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const pairs = labels.map(([key, value]) => `${key}: ${value},`).join('');
  const requirements = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`;
}
